"""Microsoft's side of a deal, as paths of the mapping name it. Pure.

`/microsoft/…` points into Microsoft's own referral of the engagement ("Create a referral", shared referrals), `/kind`
says how far the deal is shared. Neither can be written.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.kinds import kind_of

Document = Mapping[str, Any]
THEIRS, KIND, LINK = "/microsoft", "/kind", "/link"
READ_ONLY: Final = (THEIRS, KIND, LINK)


def is_theirs(path: str) -> bool:
    """Whether a value is only known when Microsoft's referral has been looked for."""
    return _under(path, THEIRS) or path == KIND


def is_read_only(path: str) -> bool:
    """Whether a path names something that is no property of our own referral."""
    return any(_under(path, made) for made in READ_ONLY)


def side_of_microsoft(ours: Document, theirs: Document) -> dict[str, Any]:
    """What the paths find beside our own referral's properties; `theirs` is empty when Microsoft is not in.

    Microsoft's number of the deal may stand on either referral. The team that was sent along with an invitation is
    ours: Microsoft's seller is whoever else is on it.
    """
    own = {_address(member) for member in ours.get("team") or ()}
    number = _filled(ours.get("trackingInfo")) | _filled(theirs.get("trackingInfo"))
    team = [member for member in theirs.get("team") or () if _address(member) not in own]
    kind = kind_of(ours, joined=bool(theirs))
    return {"microsoft": {**theirs, "trackingInfo": number, "team": team}, "kind": kind.value}


def _under(path: str, top: str) -> bool:
    return f"{path}/".startswith(f"{top}/")


def _filled(properties: Document | None) -> dict[str, Any]:
    return {name: value for name, value in (properties or {}).items() if value}


def _address(member: Document) -> str:
    return str(member.get("email") or "").strip().lower()
