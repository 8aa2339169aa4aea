"""The bug bench: seeded mistakes, one at a time, in a copy of the project; each must make a test fail.

`table` names the mistakes, `bench` runs them: `make mutants`, or `python -m tests.mutants NAME…` for some.
"""
