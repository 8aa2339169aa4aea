"""`cosell explain RECORD`: what is equal, what would be written where and why, what is held and why.

Both records are read, and the app's own rules asked what they would do now; nothing is carried out. Values are
left out unless asked for, because what a terminal shows is copied into tickets.
"""

from cli.explain.conflicts import NoPair, NotARecord, conflicts
from cli.explain.explanation import Explanation, GroupLine, KeptConflict
from cli.explain.gather import explain

__all__ = ["Explanation", "GroupLine", "KeptConflict", "NoPair", "NotARecord", "conflicts", "explain"]
