"""`cosell doctor`: everything the connector depends on, looked at once, each finding with its remedy.

A check is a small function over one `Visit`; the table in `checks` says what it needs to have succeeded before.
Nothing is changed, except one cursor of the doctor's own (to prove that the storage can be written) and the
refresh token, which Entra replaces at every use.
"""

from cli.doctor.checks import CHECKS
from cli.doctor.examine import Check, Result, examine
from cli.doctor.visit import Visit

__all__ = ["CHECKS", "Check", "Result", "Visit", "examine"]
