"""Tests and seeds leave much garbage and few cycles: looking through everything that is loaded pays off seldom."""

import gc

NEW_OBJECTS = 50_000  # before the youngest are looked through


def collect_seldom() -> None:
    """What is loaded now stays to the end and is never searched again; the rest only seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 50)
