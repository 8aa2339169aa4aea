"""Words: statuses, sentences and audit lines, made from the tables of one language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.catalogue.texts import Status, Texts
from shared.deal import Hold, Link, LinkState, Phase, Report

MESSAGE_LENGTH: Final = 255  # Sync_Message__c
TO_SALESFORCE, TO_PARTNER_CENTER, BOTH = "to_salesforce", "to_partner_center", "both"

# Holds that state a fact rather than ask for something to be done.
INFORMATION: Final = frozenset({"referral_closed", "help_is_fixed", "help_stays"})
CONFLICT: Final = "conflict"


@dataclass(frozen=True)
class Words:
    """One language. Every text that is made fits the field it is made for."""

    texts: Texts

    def sentence(self, group: str, hold: Hold) -> str:
        """One plain sentence for a group that waits; a service's own words when the code is one of its refusals."""
        text = None if _dispute_of_others(hold) else self.texts.holds.get(hold.code)
        if text is not None:
            there = self.texts.there.get(group, group.replace("_", " "))
            return _shortened(self._filled(text, group, hold.detail or "?", there))
        code = "refused" if hold.detail else "refused_without_reason"
        return _shortened(self._filled(self.texts.said[code], group, hold.detail))

    def ask(self, key: str, group: str = "", detail: str = "") -> str:
        """One sentence that asks for what a new deal lacks. Raises KeyError for a key without a text."""
        return _shortened(self._filled(self.texts.asks[key], group, detail))

    def asks(self, key: str) -> bool:
        """Whether something that may be missing has a sentence of its own."""
        return key in self.texts.asks

    def report(self, link: Link) -> Report | None:
        """What the seller sees of a pair; None while there is nothing to say."""
        if link.state is LinkState.PAUSED:
            return self._report(Status.PAUSED, [self.texts.said["paused"]])
        if link.state is not LinkState.LINKED:
            return None
        asking = {g: h for g, h in sorted(link.held.items()) if h.code not in INFORMATION}
        if asking:
            disputed = any(h.code == CONFLICT and not _dispute_of_others(h) for h in asking.values())
            status = Status.CONFLICT if disputed else Status.ATTENTION
            return self._report(status, [self.sentence(group, hold) for group, hold in asking.items()])
        if link.phase is Phase.NEW:
            return self._report(Status.WAITING, [self.texts.said["accept"]])
        informing = [self.sentence(group, hold) for group, hold in sorted(link.held.items())]
        return self._report(Status.IN_SYNC, informing[:1])

    def not_sent(self, sentences: Iterable[str]) -> Report:
        """What the seller sees when an opportunity cannot become a referral yet."""
        return self._report(Status.NOT_SENT, sentences)

    def refused(self, messages: Iterable[str]) -> Report:
        """What the seller sees when Microsoft has refused the deal, in its own words if it gave any."""
        reasons = tuple(dict.fromkeys(message for message in messages if message))
        code = "deal_refused" if reasons else "deal_refused_without_reason"
        return self._report(Status.NOT_SENT, (self.texts.said[code], *reasons))

    def no_such_referral(self) -> Report:
        """What the seller sees when somebody typed something into the referral's identifier."""
        return self.not_sent((self.texts.said["no_such_referral"],))

    def lead_is_taken(self) -> Report:
        """What the seller sees when the lead that an opportunity came from has become another opportunity already."""
        return self.not_sent((self.texts.said["lead_is_taken"],))

    def well(self, report: Report) -> bool:
        """Whether a report means success, as the mark before a name does."""
        return report.status in (self.texts.statuses[Status.IN_SYNC], self.texts.statuses[Status.WAITING])

    def audit_line(self, when: str, direction: str, groups: Iterable[str], result: str, detail: str = "") -> str:
        """One line of the audit trail: time (UTC), direction, field groups and result; never a value.

        `direction` and `result` are keys of the table `trail`.
        """
        what = self.texts.comma.join(self._name(group).removeprefix("the ") for group in groups)
        way = f"{self.texts.trail[direction]}{f' ({what})' if what else ''}"
        return " - ".join((when, way, self.texts.trail[result].replace("{detail}", detail)))

    def held_lines(self, when: str, held: Mapping[str, Hold]) -> list[str]:
        """Audit lines for the groups that wait, one for each reason."""
        by_reason: dict[str, list[str]] = {}
        for group, hold in sorted(held.items()):
            reason = "" if _dispute_of_others(hold) else self.texts.reasons.get(hold.code, "")
            by_reason.setdefault(reason, []).append(group)
        return [
            self.audit_line(when, BOTH, groups, "held" if reason else "refused", reason)
            for reason, groups in by_reason.items()
        ]

    def _report(self, status: Status, sentences: Iterable[str]) -> Report:
        return Report(self.texts.statuses[status], self._listed(list(dict.fromkeys(sentences))))

    def _listed(self, sentences: list[str]) -> str:
        """As many whole sentences as fit, and how many more there are."""
        for shown in range(len(sentences), 0, -1):
            left = len(sentences) - shown
            more = [self.texts.said["and_more"].replace("{detail}", str(left))] if left else []
            text = self.texts.space.join([*sentences[:shown], *more])
            if _units(text) <= MESSAGE_LENGTH:
                return text
        return _shortened(self.texts.space.join(sentences))

    def _name(self, group: str) -> str:
        return self.texts.groups.get(group, group.replace("_", " "))

    def _filled(self, text: str, group: str, detail: str, there: str = "") -> str:
        filled = text.format(group=self._name(group), detail=detail, there=there)
        return filled[:1].upper() + filled[1:]


def _dispute_of_others(hold: Hold) -> bool:
    """A service's refusal that it calls a conflict; nobody's fields are in dispute."""
    return hold.refused and hold.code == CONFLICT


def _shortened(text: str) -> str:
    if _units(text) <= MESSAGE_LENGTH:
        return text
    cut = text[: MESSAGE_LENGTH - 1]
    while _units(cut) >= MESSAGE_LENGTH:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def _units(text: str) -> int:
    """The length as Salesforce counts it, in UTF-16 units: an emoji takes two."""
    return len(text.encode("utf-16-le", "replace")) // 2
