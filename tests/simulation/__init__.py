"""Deterministic simulation: the real `Sync` and `decide` under virtual time, a seeded scheduler and every fault.

schedule   who runs when            line     where calls yield and fail      faults  the table of faults
scenario   what happens in a seed   people   who acts on both sides          judge   what must hold
light      both services, small     wire     both services, over HTTP        run     one seed from start to verdict
"""
