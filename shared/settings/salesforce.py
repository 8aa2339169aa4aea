"""Settings of Salesforce."""

from pydantic import BaseModel, Field

from shared.settings.kinds import Secret, Url


class Salesforce(BaseModel):
    """Where the org is, how the app signs in there, and how hard it may be pressed."""

    salesforce_login_url: Url = Field(
        "https://login.salesforce.com", description="Token host: login, test, or the org's My Domain address"
    )
    salesforce_audience: str = Field(
        "https://login.salesforce.com",
        pattern=r"^https://(login|test)\.salesforce\.com$",
        description="Audience of the JWT: login for production, test for sandboxes",
    )
    salesforce_api_version: str = Field("62.0", pattern=r"^\d\d\.0$", description="REST API version")
    salesforce_client_id: str = Field(description="Consumer key of the External Client App", min_length=1)
    salesforce_client_secret: Secret | None = Field(
        None, description="Consumer secret, for the client-credentials flow"
    )
    salesforce_username: str = Field("", description="Integration user's name, for the JWT bearer flow")
    salesforce_private_key: Secret | None = Field(None, description="PEM private key, for the JWT bearer flow")
    salesforce_page_size: int = Field(2000, ge=200, le=2000, description="Rows per query page")
    salesforce_timeout_seconds: float = Field(60, gt=0, le=600, description="Time limit of one call to Salesforce")
    salesforce_client_name: str = Field(
        "cosell-connector", pattern=r"^[A-Za-z0-9/_.-]+$", description="Client name shown in Salesforce's event logs"
    )
