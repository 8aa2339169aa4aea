"""Settings of the webhook, and of a second deployment beside production. Their defaults are in `receiving`."""

from pydantic import BaseModel, Field

from shared.settings.kinds import DeliverySize, Secret, SecretUrl, Words
from shared.settings.receiving import Receiving


class Webhook(BaseModel):
    """What a delivery of Partner Center must prove."""

    webhook_token: Secret = Field(
        description="Secret last part of the webhook's address; any long random text of letters and digits"
    )
    webhook_certificate_hosts: Words = Field(
        Receiving.webhook_certificate_hosts,
        description="Exact hosts that may serve the signing certificate (host or host:port), separated by commas",
    )
    webhook_issuer_hosts: Words = Field(
        Receiving.webhook_issuer_hosts,
        description="Exact hosts that may serve the certificate of the signing certificate's issuer; empty: none",
    )
    webhook_certificate_names: Words = Field(
        Receiving.webhook_certificate_names, description="Names the signing certificate may carry, separated by commas"
    )
    webhook_certificate_organization: str = Field(
        Receiving.webhook_certificate_organization, description="Organization the signing certificate must carry"
    )
    webhook_trusted_roots: str = Field(
        Receiving.webhook_trusted_roots,
        description="PEM file of trusted roots and pinned intermediates; empty: public roots of Microsoft, DigiCert",
    )
    webhook_max_bytes: DeliverySize = Field(Receiving.webhook_max_bytes, description="Largest delivery that is read")


class Staging(BaseModel):
    """Two deployments, one partner account: Partner Center has one address per event and tenant."""

    sweep_only: bool = Field(
        default=False,
        description="For staging: never registers a webhook; finds changes by comparing, or gets events from a relay",
    )
    webhook_relay_url: SecretUrl | None = Field(
        None,
        description="For production: staging's webhook address, to which every verified delivery is sent on; optional",
    )
