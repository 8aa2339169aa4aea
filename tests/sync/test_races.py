"""Two workers at one pair: what one of them read before the other wrote must not undo anything."""

from typing import Any

from shared import sync as flows
from shared.doorbell import Doorbell
from tests.rig import Rig


def between_read_and_answer(rig: Rig, happens: Any) -> None:
    """The next query is answered from before, and returns after something else has happened."""
    salesforce: Any = rig.sync.opportunities
    salesforce = getattr(salesforce, "inner", salesforce)  # behind its gate
    real, pending = salesforce.query, [happens]

    def query(soql: str, **more: Any) -> Any:
        rows = real(soql, **more)
        if pending:
            pending.pop()()
        return rows

    salesforce.query = query


def test_a_view_older_than_another_workers_write_is_never_taken_for_a_sellers_edit() -> None:
    rig = Rig()
    opportunity, referral = rig.linked()
    rig.pass_time(seconds=60)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    between_read_and_answer(rig, lambda: rig.webhook(referral))
    flows.opportunities_changed(rig.sync, Doorbell(ids=(opportunity,), reason="poll"))
    rig.minute()
    assert rig.referral(referral)["details"]["dealValue"] == 71000
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_creation_that_was_overtaken_changes_nothing_that_arrived_meanwhile() -> None:
    rig = Rig()
    opportunity, referral = rig.linked()
    rig.pass_time(seconds=60)
    rig.partner_center.portal_edit(referral, {"/details/dealValue": 71000})
    between_read_and_answer(rig, lambda: rig.webhook(referral))
    flows.creations_asked(rig.sync, Doorbell(ids=(opportunity,), reason="recovery"))
    rig.minute()
    assert rig.referral(referral)["details"]["dealValue"] == 71000
    assert rig.opportunity(opportunity)["Amount"] == 71000


def test_a_group_held_together_with_a_write_stands_on_the_work_list() -> None:
    rig = Rig()
    opportunity, _ = rig.linked()
    rig.edit(opportunity, StageName="Closed Won")
    rig.minute()
    rig.edit(opportunity, StageName="Qualification")
    rig.minute()
    link = rig.link_of(opportunity)
    assert link is not None
    assert [hold.code for hold in link.held.values()] == ["closed_is_final"]
    assert [issue.code for issue in rig.store.issues()] == ["closed_is_final"]
