"""Writes `docs/sellers.md` from the catalogue, so that the page shows what the app writes.

`python -m tests.pages.sellers_page` writes it; `test_catalogue.py` fails when it is out of date. Development only.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from shared.catalogue import ENGLISH, JAPANESE, Status, Words
from tests.pages.prose import filled

PAGE: Final = Path(__file__).parents[2] / "docs" / "sellers.md"


def page() -> str:
    held = ENGLISH.texts.reasons["too_long"]
    trail = [
        ENGLISH.audit_line("2026-01-05 12:31", "both", ("notes",), "held", held),
        ENGLISH.audit_line("2026-01-05 12:20", "to_salesforce", ("close_date",), "success"),
        ENGLISH.audit_line("2026-01-05 12:07", "to_partner_center", ("value", "status"), "success"),
        ENGLISH.audit_line("2026-01-05 12:00", "to_partner_center", (), "referral_created"),
    ]
    parts = {"audit lines": "".join(f"{line}\n" for line in trail)}
    for words, where in ((ENGLISH, ""), (JAPANESE, " in Japanese")):
        parts[f"statuses{where}"] = _statuses(words)
        parts[f"asks{where}"] = _items(t for key, t in words.texts.asks.items() if not key.startswith("rule.any"))
        parts[f"waits{where}"] = _items(words.texts.holds.values())
    return filled(Path(__file__), parts)


def _statuses(words: Words) -> str:
    texts = words.texts
    return "".join(f"| {texts.statuses[s]} | {texts.meanings[s]} | {texts.advice[s]} |\n" for s in Status)


def _items(texts: Iterable[str]) -> str:
    return "".join(f"- {sentence}\n" for sentence in dict.fromkeys(map(_plain, texts)))


def _plain(text: str) -> str:
    """A sentence with dots where a field or a value will stand."""
    filled = text.format(group="…", detail="…", there="…")
    return filled[:1].upper() + filled[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
