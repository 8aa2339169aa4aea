"""Bounded exhaustive checks of the protocol: every interleaving of small worlds, with the real decisions.

state      what a world consists of             land       a conditional write taking effect, and the ghosts' account
judgement  the real `decide`, `announce`, ...   steps      what a run does next, as a table
people     edits, touches, time, late writes    verdict    what must hold once everything is quiet
search     breadth first over all worlds        variants   the protocol, and the protocol minus one rule each
creation   the claim on a creation, likewise    claimed    its row, and the real `claims` on it
__main__   the table of results: `python -m tests.model --deep`

Left out: more than one merged group; a loop breaker that trips; "newest wins" as a policy; replicas that are more
than one version behind. Assumed: a service that refuses a write for good also refuses its late twin; replicas have
caught up when a refused write of another run is looked for again; a person may return to the agreed value, or to
one that the row of a write in doubt has kept, without a further trace.
"""
