"""Shapes: what both services call things, where nobody can rename them: as their pages document it, and nothing else.
Pure.

What a partner may call otherwise stands in mapping.toml. A test looks for names of either system everywhere else.
"""
