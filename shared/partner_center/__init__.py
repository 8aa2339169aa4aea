"""Partner Center as methods: referrals, and the registration of the webhook.

`wire` sends, `referrals` and `webhooks` have the operations that Microsoft documents. What is asked or written,
and why, does not belong here.
"""

from shared.partner_center.referrals import PartnerCenter
from shared.partner_center.webhooks import WebhookRegistrations
from shared.partner_center.wire import AccessTokens, guid

__all__ = ["AccessTokens", "PartnerCenter", "WebhookRegistrations", "guid"]
