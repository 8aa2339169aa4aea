"""The Partner Center side of the mapping: read a referral, say a change as a patch, spell a new referral.

Wire facts: "Referral resources", "Create a referral", "Update a lead or opportunity" (Partner Center developer pages).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

from shared import lifecycle
from shared.deal import Content, Phase, Referral, Side, Theirs, Unreadable, Value, Views
from shared.mapping.codecs import Untranslatable, plain
from shared.mapping.microsoft import LINK, is_theirs, side_of_microsoft
from shared.mapping.model import LISTS, Config
from shared.mapping.rows import BoundGroup, set_content
from shared.shapes import referral as shape
from shared.ticks import ticks

Document = Mapping[str, Any]
P = Side.PARTNER_CENTER
NOBODY: Document = {}


class ReferralSide:
    """Reads and writes referral documents by the table."""

    def __init__(self, config: Config, groups: Mapping[str, BoundGroup], *, link_template: str, mpn_id: str) -> None:
        self._config = config
        self._groups = groups
        self._link_template = link_template
        self._mpn_id = mpn_id
        self._of_theirs = {
            name for name, group in groups.items() if any(is_theirs(row.spec.referral) for row in group.rows)
        }

    def over(self, config: Config, groups: Mapping[str, BoundGroup]) -> ReferralSide:
        """The same side over a part of the table."""
        return ReferralSide(config, groups, link_template=self._link_template, mpn_id=self._mpn_id)

    def read(self, document: Document, *, theirs: Document | None, settled: bool = False) -> Referral:
        """A referral document as canonical groups and its version.

        `theirs` is Microsoft's own referral of the engagement, NOBODY when there is none, None when it was not read.
        Raises KeyError or ValueError for a document without id, eTag or update time.
        """
        phase = _phase(document)
        shown = {**document, **side_of_microsoft(document, theirs or NOBODY)}
        return Referral(
            groups={
                name: self._group(shown, group, phase)
                for name, group in self._groups.items()
                if theirs is not None or name not in self._of_theirs
            },
            phase=phase,
            etag=str(document[shape.ETAG]),
            ticks=ticks(str(document[shape.UPDATED])),
            settled=settled,
            theirs=Theirs(_phase(theirs), ticks(str(theirs[shape.UPDATED]))) if theirs else None,
        )

    def patch(
        self,
        writes: Mapping[str, Content],
        *,
        current: Document | None,
        empty: frozenset[str] = frozenset(),
        neutral_reason: str,
    ) -> list[dict[str, Any]]:
        """JSON-Patch operations for a change; status comes last. Raises Untranslatable.

        A set is one `replace` of the whole array; elements of the `current` document keep what the mapping does
        not know of them (price, quantity). `empty` names groups known to be empty in the referral: their fields
        are added, others replaced.
        """
        operations: list[dict[str, Any]] = []
        for name, content in writes.items():
            group = self._groups[name]
            if group.spec.kind in LISTS:
                known = self._elements(group, current or {})
                items = [known.get(key) or self._element(group, value) for key, value in set_content(content)]
                items = self._unread(group, current or {}) + items
                operations.append({"op": "replace", "path": group.spec.referral, "value": items})
            elif group.spec.kind != "status":
                for spec, raw in group.write(content, P):  # type: ignore[arg-type]
                    absent = name in empty or (current is not None and _at(current, spec.referral) in (None, ""))
                    if raw is not None:
                        op = "add" if absent else "replace"
                        operations.append({"op": op, "path": spec.referral, "value": raw})
                    elif spec.required:
                        raise Untranslatable("must_not_be_empty", "it must not be empty")
                    elif not absent:
                        operations.append({"op": "replace", "path": spec.referral, "value": ""})
        return operations + self._status(writes, neutral_reason)

    def creation(self, opportunity: Views, *, opportunity_id: str) -> dict[str, Any]:
        """The body of a new referral from an opportunity's groups. Raises Untranslatable."""
        body: dict[str, Any] = {}
        for name, group in self._groups.items():
            content = opportunity.get(name, ())
            if not group.spec.create.towards(P) or group.spec.kind == "status":
                continue
            if isinstance(content, Unreadable):
                raise Untranslatable(content.code, content.detail)
            if group.spec.kind in LISTS:
                known = self._elements(group, body)  # an owner who was named already
                new = [value for key, value in set_content(content) if key not in known]
                items = [self._element(group, value) for value in new if not group.incomplete(value)]
                _put(body, group.spec.referral, [*known.values(), *items])
            else:
                for spec, raw in group.write(group.filled(content, P), P):  # type: ignore[arg-type]
                    if raw is not None:
                        _put(body, spec.referral, raw)
        return shape.completed(body, opportunity_id, self._mpn_id)

    def invitation(self, opportunity: Views, *, opportunity_id: str, engagement_id: str) -> dict[str, Any]:
        """The body of the connected referral that invites Microsoft into our engagement. Raises Untranslatable."""
        return shape.inviting(self.creation(opportunity, opportunity_id=opportunity_id), engagement_id)

    def texts(self, document: Document, group: BoundGroup) -> dict[str, str]:
        """What a referral says row by row, in canonical spelling; what cannot be understood is left out."""
        shown, found = {**document, **side_of_microsoft(document, NOBODY)}, {}
        for bound in group.rows:
            with suppress(Untranslatable):
                found[bound.name] = bound.codec.read(self._raw(shown, bound.spec.referral), P, bound.row)
        return found

    def note(self, document: Document) -> str:
        """The text that becomes a note of the new opportunity; empty without one."""
        path = self._config.note.referral
        return plain(_at(document, path), P) if path else ""

    def members(self, document: Document, group: BoundGroup) -> list[str]:
        """The e-mail addresses of a referral's team, in its order."""
        return [key for item in _at(document, group.spec.referral) or [] if (key := self._key(group, item))]

    def _group(self, document: Document, group: BoundGroup, phase: Phase | None) -> Content | Unreadable:
        if group.spec.kind == "status":
            shown = "/".join(_words(document))
            return lifecycle.content(phase) if phase else Unreadable("unknown_status", "status", shown)
        if group.spec.kind == "people":
            members = _at(document, group.spec.referral) or []
            return group.read_people(members, P, lambda item, spec: _at(item, spec.referral))
        if group.spec.kind == "set":
            items = _at(document, group.spec.referral) or []
            try:
                return group.read_elements(items, P, lambda item, spec: _at(item, spec.referral))
            except Untranslatable as problem:
                return Unreadable(problem.code, group.name, problem.detail)
        return group.read(lambda spec: self._raw(document, spec.referral), P)

    def _raw(self, document: Document, path: str) -> Any:
        if path != LINK:
            return _at(document, path)
        return self._link_template.format(
            referral_id=document.get(shape.ID) or "", engagement_id=shape.engagement_of(document)
        )

    def _elements(self, group: BoundGroup, document: Document) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in _at(document, group.spec.referral) or []:
            found.setdefault(self._key(group, item), item)
        return found

    def _unread(self, group: BoundGroup, document: Document) -> list[Any]:
        """People of whom too little is known to be one of the mapping's; a list that is replaced keeps them."""
        if group.spec.kind != "people":
            return []
        read = dict(set_content(self._group(document, group, None)))  # type: ignore[arg-type]
        return [item for item in _at(document, group.spec.referral) or [] if self._key(group, item) not in read]

    def _key(self, group: BoundGroup, item: Any) -> str:
        key = next(bound for bound in group.rows if bound.name == group.spec.element_key)
        return key.codec.read(_at(item, key.spec.referral), P, key.row)

    def _element(self, group: BoundGroup, value: Value) -> dict[str, Any]:
        element: dict[str, Any] = dict(shape.SOLUTION) if group.spec.kind == "set" else {}
        for spec, raw in group.write(value, P):
            if raw is not None:
                _put(element, spec.referral, raw)
        return element

    def _status(self, writes: Mapping[str, Content], neutral_reason: str) -> list[dict[str, Any]]:
        name = next((n for n in writes if self._groups[n].spec.kind == "status"), None)
        if name is None:
            return []
        wanted: dict[str, str] = dict(writes[name])  # type: ignore[arg-type]
        phase = Phase(wanted["phase"])
        status, substatus = lifecycle.REQUESTS[phase]
        reason = wanted.get("reason", neutral_reason) if phase in lifecycle.NEEDS_REASON else ""
        # An open referral carries no reason yet, and `replace` needs something to replace.
        operations = [{"op": "add", "path": shape.REASON, "value": reason}] if reason else []
        pairs = ((shape.STATUS, status), (shape.SUBSTATUS, substatus))
        return operations + [{"op": "replace", "path": path, "value": text} for path, text in pairs]


def _phase(document: Document) -> Phase | None:
    return lifecycle.phase_of(*_words(document))


def _words(document: Document) -> tuple[str, str]:
    """Status and substatus."""
    return plain(_at(document, shape.STATUS), P), plain(_at(document, shape.SUBSTATUS), P)


def _at(document: Any, path: str) -> Any:
    """The value that a path names, None where it ends early.

    An element of a list is named by its number, or by its type: types begin with a capital, properties never do.
    """
    for part in path.strip("/").split("/"):
        if isinstance(document, list):
            document = _member(document, part)
        elif isinstance(document, Mapping):
            document = document.get(part)
        else:
            return None
    return document


def _member(listed: list[Any], part: str) -> Any:
    if part.isdigit():
        return listed[int(part)] if int(part) < len(listed) else None
    return next((item for item in listed if isinstance(item, Mapping) and item.get("type") == part), None)


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the value that a path names, making objects, one-element lists and elements of a type on the way."""
    parts = path.strip("/").split("/")
    here: Any = document
    for part, following in pairwise(parts):
        if isinstance(here, list):
            if (member := _member(here, part)) is None:
                here.append(member := {"type": part})
            here = member
        else:
            here = here.setdefault(part, _empty(following))
    if isinstance(here, list):
        here[int(parts[-1])] = value
    else:
        here[parts[-1]] = value


def _empty(following: str) -> Any:
    """What holds a part of a path."""
    if following.isdigit():
        return [{}]
    return [] if following[:1].isupper() else {}
