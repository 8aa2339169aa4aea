"""What an operator types: `cosell doctor`, `explain`, `status`, `login`. It writes to no record of either system.

A composition root beside `functions`: it knows the adapters, and joins them to look instead of to synchronise.
"""
