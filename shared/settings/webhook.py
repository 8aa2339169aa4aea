"""Settings of the webhook, and of a second deployment beside production."""

from __future__ import annotations

from pydantic import BaseModel, Field

from shared.settings.kinds import Secret, SecretUrl, Words


class Webhook(BaseModel):
    """What a delivery of Partner Center must prove."""

    webhook_token: Secret = Field(
        description="Secret last part of the webhook's address; any long random text of letters and digits"
    )
    webhook_certificate_hosts: Words = Field(
        ("3psostorageacct.blob.core.windows.net",),
        description="Exact hosts that may serve the signing certificate (host or host:port), separated by commas",
    )
    webhook_issuer_hosts: Words = Field(
        ("www.microsoft.com", "caissuers.microsoft.com", "cacerts.digicert.com"),
        description="Exact hosts that may serve the certificate of the signing certificate's issuer; empty: none",
    )
    webhook_certificate_names: Words = Field(
        ("pcnotifications-dispatch.microsoft.com", "pcnotifications.microsoft.com"),
        description="Names the signing certificate may carry, separated by commas",
    )
    webhook_certificate_organization: str = Field(
        "Microsoft Corporation", description="Organization the signing certificate must carry"
    )
    webhook_trusted_roots: str = Field(
        "",
        description="PEM file of trusted roots and pinned intermediates; empty: public roots of Microsoft, DigiCert",
    )
    webhook_max_bytes: int = Field(65536, ge=1024, le=1048576, description="Largest delivery that is read")


class Staging(BaseModel):
    """Two deployments, one partner account: Partner Center has one address per event and tenant."""

    sweep_only: bool = Field(
        default=False,
        description="For staging: never registers a webhook; finds changes by comparing, or is told by a relay",
    )
    webhook_relay_url: SecretUrl | None = Field(
        None,
        description="For production: staging's webhook address, to which every verified delivery is sent on; optional",
    )
