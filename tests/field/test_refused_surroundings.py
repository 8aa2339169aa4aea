"""An org that refuses the customer's account: a state that is in no picklist, a field that another package requires.

"A record, a field or a side that fails stops only itself": the deal has 14 days, so it arrives without the account and
says what is missing.
"""

import pytest

from tests.support.rig import Rig

REFUSALS = [
    (
        "FIELD_INTEGRITY_EXCEPTION",
        "There's a problem with this state. Please select one from the list of valid states.",
    ),
    ("FIELD_INTEGRITY_EXCEPTION", "There's a problem with this country. Please select one from the list."),
    ("REQUIRED_FIELD_MISSING", "Required fields are missing: [Industry]"),
    ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Every account needs a segment."),
]


@pytest.mark.parametrize(("code", "message"), REFUSALS)
def test_the_deal_arrives_although_its_account_is_refused(code: str, message: str) -> None:
    rig = Rig()
    rig.salesforce.fail(times=10_000, on="PATCH /sobjects/Account", status=400, code=code, message=message)
    rig.webhook(rig.partner_center.new_inbound())
    for _ in range(5):
        rig.minute()
    rows = rig.salesforce.records("Opportunity")
    assert len(rows) == 1
    told = f"{rows[0]['Sync_Message__c']} {rows[0]['Audit__c']} {[i.detail for i in rig.store.issues()]}"
    assert code in told or message[:20] in told
