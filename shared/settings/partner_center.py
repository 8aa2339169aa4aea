"""Settings of Partner Center."""

from pydantic import BaseModel, Field

from shared.settings.kinds import Url


class PartnerCenter(BaseModel):
    """Where its two APIs are, who we are there, and how hard it may be pressed."""

    partner_center_referrals_url: Url = Field(
        "https://api.partner.microsoft.com/v1.0/engagements", description="Base address of the referrals API"
    )
    partner_center_referrals_audience: str = Field(
        "https://api.partner.microsoft.com", description="Token audience of the referrals API"
    )
    partner_center_webhooks_url: Url = Field(
        "https://api.partnercenter.microsoft.com/webhooks/v1",
        description="Base address of the webhook registration API",
    )
    partner_center_webhooks_audience: str = Field(
        "https://api.partnercenter.microsoft.com", description="Token audience of the webhook registration API"
    )
    partner_center_organization_id: str = Field(
        "", description="Own organization id; when set, referrals of other organizations are ignored"
    )
    partner_center_referral_link: str = Field(
        "", description="Address of a deal for people, with {referral_id} or {engagement_id}; empty: no link is written"
    )
    partner_center_mpn_id: str = Field(
        "", description="Partner location id sent on creation; empty: Partner Center's default"
    )
    partner_center_page_size: int = Field(100, ge=1, le=200, description="Referrals per list page")
    partner_center_concurrency: int = Field(
        4, ge=1, le=16, description="Calls to Partner Center at the same time, per worker process"
    )
    partner_center_timeout_seconds: float = Field(
        30, gt=0, le=120, description="Time limit of one call to Partner Center"
    )
