"""What an operator types: `cosell doctor`, `explain`, `conflicts`, `status`, `resume`, `login`, `mapping diff`.

No record is written to. A composition root beside `functions`: it knows the adapters, and joins them to look instead
of to synchronise.
"""
