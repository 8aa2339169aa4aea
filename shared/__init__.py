"""Shared: the connector itself: a pure core, the adapters, and the shell that joins them."""

__version__ = "0.1.0"
