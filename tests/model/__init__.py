"""Bounded exhaustive checks of the protocol: every interleaving of small worlds, with the real decisions.

state      what a world consists of             land       a conditional write taking effect, and the ghosts' account
judgement  the real `decide`, `announce`, ...   steps      what a run does next, as a table
people     edits, touches, time, late writes    verdict    what must hold once everything is quiet
search     breadth first over all worlds        variants   the protocol, and the protocol minus one rule each
creation   the claim on a creation, likewise    claimed    its row, and the real `claims` on it
__main__   the table of results: `python -m tests.model --deep`
"""
