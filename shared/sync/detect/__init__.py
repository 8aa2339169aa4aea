"""Detect: finding what has changed: polls, the hourly delta, the nightly comparison, and how much is still waiting."""
