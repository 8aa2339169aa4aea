"""Telemetry: what the app says about itself: units of work with their correlation, log lines, and the metrics measured
from them.

Call sites log what happened and think of nothing else. `work` says which run it belongs to, `lines` completes each
line, `metrics` is the table of what is measured, `export` sends it to Azure Monitor.
"""

from shared.telemetry.lines import Line, attend
from shared.telemetry.work import Unfinished, Work, correlation, correlation_guid, under_way, work

__all__ = ["Line", "Unfinished", "Work", "attend", "correlation", "correlation_guid", "under_way", "work"]
