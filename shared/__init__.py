"""The connector itself: a pure core, the adapters, and the shell that joins them."""
