"""One existing pair: read both records, decide, write, remember."""
