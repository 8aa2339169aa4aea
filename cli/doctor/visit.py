"""Visit: what one run of the doctor has seen: the deployment, with each answer asked for once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import httpx

from cli.deployment import Deployment
from shared import drift
from shared.errors import Forbidden, Missing
from shared.mapping import Mapping as FieldMapping
from shared.settings.model import Settings
from shared.shapes.referral import UPDATED
from shared.shapes.salesforce import OPPORTUNITY
from shared.transport import Repeat

NEWEST = f"/referrals?$orderby={UPDATED}%20desc&$top=1"


class Visit:
    """The deployment, and what it has answered so far."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._described: dict[str, drift.Describe | None] = {}

    @property
    def settings(self) -> Settings:
        """The app settings."""
        return self.deployment.settings

    @property
    def mapping(self) -> FieldMapping:
        """The mapping."""
        return self.deployment.mapping

    def describe(self, sobject: str) -> drift.Describe | None:
        """An object of the org; None when the integration user does not see it."""
        if sobject not in self._described:
            try:
                self._described[sobject] = self.deployment.salesforce.describe(sobject)
            except (Missing, Forbidden):
                self._described[sobject] = None
        return self._described[sobject]

    def field(self, sobject: str, name: str) -> drift.Describe | None:
        """A field as the org describes it; None when it is missing or hidden."""
        described = self.describe(sobject) or {}
        return next((field for field in described.get("fields", ()) if field["name"] == name), None)

    @cached_property
    def described(self) -> Mapping[str, drift.Describe]:
        """Every object that the mapping needs and the integration user sees."""
        opportunity = self.describe(OPPORTUNITY)
        names = [OPPORTUNITY, *drift.objects(self.mapping, opportunity or {})]
        return {name: found for name in names if (found := self.describe(name)) is not None}

    @cached_property
    def findings(self) -> tuple[drift.Finding, ...]:
        """What of the mapping the org contradicts, as the app finds it."""
        return drift.find(self.mapping, self.described)

    def rows(self, soql: str) -> list[Mapping[str, Any]]:
        """The answer to a query."""
        return list(self.deployment.salesforce.query(soql).records)

    @cached_property
    def first_page(self) -> httpx.Response:
        """The newest referral, as a list of one."""
        return self.deployment.partner_center.wire.send("GET /referrals", NEWEST, repeat=Repeat.READ)
