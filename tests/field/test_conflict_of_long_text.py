"""Both sides changed a long description and Microsoft's stands: ours is kept whole, however its characters are written.

A property of a table row holds 64 KiB; in JSON a quote, a line break or a control character takes two to six places.
"""

import pytest

from tests.support.rig import Rig

THEIRS_STANDS = '[groups.notes]\nowner = "partner_center"\n'


@pytest.mark.parametrize("unit", ['"', "\n-", 'say "yes"\r\n', "日"])
def test_the_loser_is_kept_and_the_winner_arrives(unit: str) -> None:
    rig = Rig(mapping=THEIRS_STANDS)
    opportunity, referral = rig.linked()
    text = (unit * 32_000)[:31_900].strip()
    rig.pass_time(minutes=2)
    rig.salesforce.update("Opportunity", opportunity, {"Description": text})
    rig.pass_time(seconds=5)
    rig.partner_center.portal_edit(referral, {"/details/notes": "changed at Microsoft"})
    rig.pass_time(seconds=5)
    rig.webhook(referral)
    rig.minute()
    rig.minute()
    link = rig.link_of(opportunity)
    assert link is not None
    assert rig.opportunity(opportunity)["Description"] == "changed at Microsoft"
    kept = [dict(conflict.s).get("text", "") for conflict in rig.store.conflicts(link.id)]
    assert [len(each) for each in kept] == [len(text.replace("\r\n", "\n"))]
