"""COSELL_PARTNER_CENTER_REFERRAL_LINK with another name in braces stops every referral from being read. It is a setting:
it can be refused with all the others, before the first deal.
"""

from typing import Any

import pytest

from shared.settings import SettingsInvalid
from shared.settings.model import Settings

GIVEN: dict[str, Any] = {
    "digest_key": "digest",
    "storage": "memory",
    "entra_tenant_id": "tenant",
    "entra_client_id": "client",
    "entra_client_secret": "secret",
    "salesforce_login_url": "https://acme.my.salesforce.com",
    "salesforce_client_id": "key",
    "salesforce_client_secret": "secret",
    "webhook_token": "webhook",
}


@pytest.mark.parametrize(
    "address", ["https://x.example/{id}", "https://x.example/{referral_id}/{", "https://x.example/{0}"]
)
def test_a_name_that_does_not_exist_is_refused(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="REFERRAL_LINK"):
        Settings.load(**GIVEN, partner_center_referral_link=address)
