"""`cosell explain RECORD`: what is equal, what would be written where and why, what is held and why.

Both records are read, and the app's own rules asked what they would do now; nothing is carried out. Values are
left out unless asked for, because what a terminal shows is copied into tickets.
"""

from cli.explain.explanation import Explanation, GroupLine
from cli.explain.gather import NotARecord, explain

__all__ = ["Explanation", "GroupLine", "NotARecord", "explain"]
