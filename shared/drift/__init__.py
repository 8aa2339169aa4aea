"""Schema drift: where an org's own description contradicts the mapping, and the mapping without what that costs. Pure.

The smallest unit pays: a value, a length, an optional field, else the field's group. Only fields that steer the
sync itself stop it. Asking the org, remembering and telling is `sync.schema`.
"""

from shared.drift.compare import STEERING, find, fingerprint, objects
from shared.drift.facts import FEWER, MISSING, OTHER_TYPE, READ_ONLY, SHORTER, Describe
from shared.drift.finding import Finding, Remedy
from shared.drift.narrowed import narrowed

__all__ = [
    "FEWER",
    "MISSING",
    "OTHER_TYPE",
    "READ_ONLY",
    "SHORTER",
    "STEERING",
    "Describe",
    "Finding",
    "Remedy",
    "find",
    "fingerprint",
    "narrowed",
    "objects",
]
