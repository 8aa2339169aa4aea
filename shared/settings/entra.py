"""Settings of the sign-in at Microsoft."""

from pydantic import BaseModel, Field

from shared.settings.kinds import Secret, Url


class Entra(BaseModel):
    """The sign-in of the service user with the Referrals admin role."""

    entra_authority: Url = Field("https://login.microsoftonline.com", description="Address of the sign-in service")
    entra_tenant_id: str = Field(description="Directory (tenant) id of the partner", min_length=1)
    entra_client_id: str = Field(description="Application (client) id of the app registration", min_length=1)
    entra_client_secret: Secret = Field(description="Secret of the app registration")
    entra_refresh_token: Secret | None = Field(
        None, description="First refresh token of the service user; later ones replace it in the token store"
    )
