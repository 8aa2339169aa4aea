"""Sync: the imperative shell: gather, decide, apply, remember. Decisions are in `decide`, calls in the adapters.

changes    answers doorbells          converge            the only road to a write on an existing pair
poll       rings for Salesforce       create_referral     the one step that cannot be repeated safely
sweep      rings for what was missed  create_opportunity  safe to repeat, by a unique key
"""

from shared.sync.admission.brakes import release
from shared.sync.admission.gates import GatedOpportunities, GatedReferrals, Gates
from shared.sync.admission.schema import describe
from shared.sync.changes import creations_asked, opportunities_changed, referrals_changed
from shared.sync.detect.backlog import report_backlog
from shared.sync.detect.poll import Polled, poll
from shared.sync.detect.sweep import delta, recover, sweep
from shared.sync.poison import poisoned
from shared.sync.ports import Sync
from shared.sync.rules import policy_of, waits_of
from shared.waits import Waits

__all__ = [
    "GatedOpportunities",
    "GatedReferrals",
    "Gates",
    "Polled",
    "Sync",
    "Waits",
    "creations_asked",
    "delta",
    "describe",
    "opportunities_changed",
    "poisoned",
    "policy_of",
    "poll",
    "recover",
    "referrals_changed",
    "release",
    "report_backlog",
    "sweep",
    "waits_of",
]
