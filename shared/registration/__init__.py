"""The webhook's registration in Partner Center: planned, asked for, watched."""
