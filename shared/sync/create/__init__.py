"""Create: records that have no counterpart yet: what they mean, and how the counterpart is made."""
