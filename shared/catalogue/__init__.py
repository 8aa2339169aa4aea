"""Catalogue: every sentence a seller reads, in every language. Codes come from `decide`, `checks` and the services'
refusals.

`texts` names the tables, `english` and `japanese` fill them, `words` makes statuses, sentences and audit lines of them.
"""

from typing import Final

from shared.catalogue.english import ENGLISH_TEXTS
from shared.catalogue.japanese import JAPANESE_TEXTS
from shared.catalogue.texts import Status, Texts
from shared.catalogue.words import BOTH, INFORMATION, MESSAGE_LENGTH, TO_PARTNER_CENTER, TO_SALESFORCE, Words

ENGLISH: Final = Words(ENGLISH_TEXTS)
JAPANESE: Final = Words(JAPANESE_TEXTS)
LANGUAGES: Final = {"en": ENGLISH, "ja": JAPANESE}

# Microsoft reads it, so it does not follow the sellers' language.
NEUTRAL_REASON: Final = "Closed in the partner's CRM without a stated reason."

# The English words, for whom the language is settled: the operator's command, the package's list views.
IN_SYNC: Final = ENGLISH_TEXTS.statuses[Status.IN_SYNC]
FROM_MICROSOFT: Final = ENGLISH_TEXTS.statuses[Status.WAITING]
ATTENTION: Final = ENGLISH_TEXTS.statuses[Status.ATTENTION]
CONFLICT: Final = ENGLISH_TEXTS.statuses[Status.CONFLICT]
NOT_SENT: Final = ENGLISH_TEXTS.statuses[Status.NOT_SENT]
GROUPS: Final = ENGLISH_TEXTS.groups
HOLDS: Final = ENGLISH_TEXTS.holds
sentence = ENGLISH.sentence
report = ENGLISH.report

__all__ = [
    "ATTENTION",
    "BOTH",
    "CONFLICT",
    "ENGLISH",
    "FROM_MICROSOFT",
    "GROUPS",
    "HOLDS",
    "INFORMATION",
    "IN_SYNC",
    "JAPANESE",
    "LANGUAGES",
    "MESSAGE_LENGTH",
    "NEUTRAL_REASON",
    "NOT_SENT",
    "TO_PARTNER_CENTER",
    "TO_SALESFORCE",
    "Status",
    "Texts",
    "Words",
    "report",
    "sentence",
]
