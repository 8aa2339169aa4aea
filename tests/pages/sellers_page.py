"""Writes `docs/sellers.md` from the catalogue, so that the page shows what the app writes.

`python -m tests.pages.sellers_page` writes it; `test_catalogue.py` fails when it is out of date. Development only.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from shared.catalogue import ENGLISH, JAPANESE, Status, Words

PAGE: Final = Path(__file__).parents[2] / "docs" / "sellers.md"
HEAD: Final = """# Co-sell with Microsoft: for sellers

Tick *Sync with Partner Center* on an opportunity and it becomes a deal in Microsoft Partner Center; a deal that
Microsoft sends you becomes an opportunity. From then on both show the same. You need no second place to look: *Sync
Status* and *Sync Message* on the opportunity tell how things stand and what to do, *Audit* tells what happened.

This page is written by `python -m tests.pages.sellers_page` from the words the app uses; edit `shared/catalogue`.

"""
STATUS: Final = """| *Sync Status* | What it means | What to do |
|---|---|---|
"""
PAUSED: Final = """
**Paused.** While *Sync with Partner Center* is not ticked, nothing is written to Partner Center, and to the opportunity
only that it is paused, once. Tick it again, and both sides' changes meet as if they had been made at the same time.

## Before a deal can be sent

A new deal is sent a minute or two after you save it. If something is missing it is not sent, *Sync Message* says
everything at once, and it goes out by itself after you have added it:

"""
AFTER: Final = """
What stands on the account, the contact or your user, and who joins the opportunity team, is noticed when you save the
opportunity again, at the latest in the following night. What Microsoft itself has refused is tried again when you
change something of the deal, or when you tick *Retry Sync* and save: the box unticks itself, and everything refused is
tried once more.

## If something waits later

A field that cannot be taken over does not stop the others. It is tried again as soon as the field changes on either
side.

"""
TRAIL: Final = """
If Microsoft or Salesforce refuses something for a reason of its own, the message quotes it.

## Leads

Where your admin has leads from Microsoft arrive as Salesforce leads, each arrives once, as *Open - Not Contacted*, and
is yours from then on: nothing of it is synchronised, and one that you delete does not come back. *Referral Link* opens
it in Partner Center. Accept it there and an opportunity is made. Or convert the lead and tick *Sync with Partner
Center* on its opportunity: the two are joined, an open stage other than the hold stage accepts the deal, and closing it
as lost declines it.

## The audit trail

One line for each change, the newest first: time (UTC), direction, fields, result. Values never stand in it. What went
to Microsoft is noted with the next change that comes back, because a note alone would be one more save.

```
{lines}
```

## 日本語

アプリの設定 `COSELL_LANGUAGE` が `ja` の場合、同期状況、同期メッセージ、監査の記録は日本語で表示されます。
記号はどちらの言語でも同じです。

| 同期状況 | 意味 | 対応 |
|---|---|---|
{statuses}
**一時停止。** 「Partner Center と同期」のチェックを外している間は、パートナー センターには何も書き込まれません。
商談には、一時停止中であることが一度だけ書き込まれます。再びチェックすると、両方の変更は同時に行われたものとして扱われます。

取引先、取引先責任者、ユーザ情報を修正したときは、商談をもう一度保存してください。
保存しない場合も、夜間に自動で確認されます。
「同期を再試行」にチェックを入れて保存すると、受け付けられなかった内容がもう一度だけ送信されます。

### 送信の前に

不足がある商談は送信されません。同期メッセージに次の内容が表示されます。

{asks}
### 送信の後に

同期できない項目があっても、その他の項目の同期は続きます。同期メッセージに次の内容が表示されます。

{waits}"""


def page() -> str:
    """docs/sellers.md."""
    words = ENGLISH.texts
    lines = [
        ENGLISH.audit_line("2026-01-05 12:31", "both", ("notes",), "held", words.reasons["too_long"]),
        ENGLISH.audit_line("2026-01-05 12:20", "to_salesforce", ("close_date",), "success"),
        ENGLISH.audit_line("2026-01-05 12:07", "to_partner_center", ("value", "status"), "success"),
        ENGLISH.audit_line("2026-01-05 12:00", "to_partner_center", (), "referral_created"),
    ]
    japanese = {"statuses": _statuses(JAPANESE), "asks": _asks(JAPANESE), "waits": _waits(JAPANESE)}
    listed = TRAIL.format(lines="\n".join(lines), **japanese)
    return HEAD + STATUS + _statuses(ENGLISH) + PAUSED + _asks(ENGLISH) + AFTER + _waits(ENGLISH) + listed


def _statuses(words: Words) -> str:
    texts = words.texts
    return "".join(f"| {texts.statuses[s]} | {texts.meanings[s]} | {texts.advice[s]} |\n" for s in Status)


def _asks(words: Words) -> str:
    return _items(text for key, text in words.texts.asks.items() if not key.startswith("rule.any"))


def _waits(words: Words) -> str:
    return _items(words.texts.holds.values())


def _items(texts: Iterable[str]) -> str:
    return "".join(f"- {sentence}\n" for sentence in dict.fromkeys(map(_plain, texts)))


def _plain(text: str) -> str:
    """A sentence with dots where a field or a value will stand."""
    filled = text.format(group="…", detail="…", there="…")
    return filled[:1].upper() + filled[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
