"""A day without edits writes nothing to either system, whatever the systems do to their own stamps."""

import pytest

from shared import sync as flows
from tests.support.rig import Rig

pytestmark = pytest.mark.deep


def test_a_day_without_edits_is_silent_also_after_a_mass_stamp_bump(rig: Rig) -> None:
    pairs = [rig.linked() for _ in range(3)]
    rig.webhook(rig.partner_center.new_inbound())
    rig.minute()
    before = (len(rig.partner_center.writes()), len(rig.salesforce.writes()))
    for hour in range(24):
        for _ in range(12):
            rig.pass_time(minutes=4)
            rig.minute()
        flows.delta(rig.sync)
        if hour == 2:
            flows.sweep(rig.sync)
        if hour == 12:
            for sobject in ("Opportunity", "Account", "Microsoft_Solution__c"):
                rig.salesforce.mass_touch(sobject)
        rig.webhook(pairs[hour % 3][1])
    assert (len(rig.partner_center.writes()), len(rig.salesforce.writes())) == before
