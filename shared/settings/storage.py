"""Storage: settings of the app's own state and queues."""

from pydantic import BaseModel, Field

from shared.settings import PREFIX
from shared.settings.kinds import Secret, Url


class Storage(BaseModel):
    """Where the app remembers, by connection string or by identity, and where it keeps its refresh token."""

    storage: Secret | None = Field(
        None, description="Connection string of the state storage; empty when an identity is used"
    )
    storage_queue_service_uri: Url | None = Field(
        None,
        validation_alias=f"{PREFIX}STORAGE__queueServiceUri",
        description="Queue endpoint for identity-based access",
    )
    storage_table_service_uri: Url | None = Field(
        None,
        validation_alias=f"{PREFIX}STORAGE__tableServiceUri",
        description="Table endpoint for identity-based access",
    )
    storage_credential: str = Field(
        "",
        validation_alias=f"{PREFIX}STORAGE__credential",
        description="'managedidentity' for identity-based access by the Functions host",
    )
    storage_client_id: str = Field(
        "",
        validation_alias=f"{PREFIX}STORAGE__clientId",
        description="Client id of the user-assigned identity, if there is one",
    )
    key_vault_url: Url | None = Field(
        None,
        description="Key Vault for the rotating refresh token; empty: the state storage keeps it (development only)",
    )
    retention_days: int = Field(
        180,
        ge=0,
        le=36500,
        description="Days that history and conflicts (which hold values) are kept; 0: until an operator deletes them",
    )
    table_shard_bits: int = Field(
        0,
        ge=0,
        le=8,
        multiple_of=4,
        description="Links are spread over 1 (0), 16 (4) or 256 (8) partitions; never change it",
    )
