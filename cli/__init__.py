"""What an operator types: `cosell doctor`, `cosell explain`, `cosell status`. It reads, and writes to no record.

A composition root beside `functions`: it knows the adapters, and joins them to look instead of to synchronise.
"""
