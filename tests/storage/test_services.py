"""Which account and which credential the state storage is opened with."""

from typing import Any

import pytest
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from pydantic import SecretStr

from shared.settings.model import Settings
from shared.storage import queue_service, table_service
from tests.support.azurite import ACCOUNT, KEY

CONNECTION = f"DefaultEndpointsProtocol=https;AccountName={ACCOUNT};AccountKey={KEY};EndpointSuffix=core.windows.net"


def identity(**chosen: Any) -> Settings:
    """Settings of which only those of the storage matter."""
    return Settings.model_construct(
        storage_table_service_uri="https://state.table.core.windows.net",
        storage_queue_service_uri="https://state.queue.core.windows.net",
        **chosen,
    )


def test_a_connection_string_names_the_account() -> None:
    chosen = Settings.model_construct(storage=SecretStr(CONNECTION))
    with table_service(chosen) as tables, queue_service(chosen) as queues:
        assert tables.url == f"https://{ACCOUNT}.table.core.windows.net"
        assert queues.url.startswith(f"https://{ACCOUNT}.queue.core.windows.net")


def test_endpoints_are_used_with_an_identity() -> None:
    chosen = identity()
    with table_service(chosen) as tables, queue_service(chosen) as queues:
        assert tables.url == "https://state.table.core.windows.net"
        assert queues.url.startswith("https://state.queue.core.windows.net")
        assert isinstance(tables.credential, DefaultAzureCredential)
        assert isinstance(queues.credential, DefaultAzureCredential)


@pytest.mark.parametrize("word", ["managedidentity", "managedIdentity"])
@pytest.mark.parametrize("client_id", ["", "11111111-2222-4333-8444-555555555555"])
def test_a_managed_identity_is_used_when_asked_for(word: str, client_id: str) -> None:
    chosen = identity(storage_credential=word, storage_client_id=client_id)
    with table_service(chosen) as tables:
        assert isinstance(tables.credential, ManagedIdentityCredential)


@pytest.mark.parametrize("open_service", [table_service, queue_service])
def test_without_account_the_reason_is_said(open_service: Any) -> None:
    with pytest.raises(ValueError, match="neither"):
        open_service(Settings.model_construct())
