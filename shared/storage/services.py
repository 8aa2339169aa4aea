"""Service clients for the state storage, from a connection string or an Azure identity. Nothing is read or sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from shared.settings.model import Settings

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def table_service(settings: Settings) -> TableServiceClient:
    """The table service of the state storage."""
    if settings.storage:
        return TableServiceClient.from_connection_string(settings.storage.get_secret_value())
    if not settings.storage_table_service_uri:
        raise ValueError("The state storage has neither a connection string nor a table endpoint")
    return TableServiceClient(settings.storage_table_service_uri, credential=azure_credential(settings))


def queue_service(settings: Settings) -> QueueServiceClient:
    """The queue service of the state storage."""
    if settings.storage:
        return QueueServiceClient.from_connection_string(settings.storage.get_secret_value())
    if not settings.storage_queue_service_uri:
        raise ValueError("The state storage has neither a connection string nor a queue endpoint")
    return QueueServiceClient(settings.storage_queue_service_uri, credential=azure_credential(settings))


def azure_credential(settings: Settings) -> TokenCredential:
    """The app's own identity in Azure."""
    # Imported here: azure-identity costs start-up time that a connection string does not need.
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if settings.storage_credential.lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=settings.storage_client_id or None)
    return DefaultAzureCredential(managed_identity_client_id=settings.storage_client_id or None)
