"""The connector's memory: links, aliases, cursors, conflicts, history, issues (Azure Tables) and doorbells (queues)."""

from shared.storage.bells import Bells, Queues
from shared.storage.retention import Retention
from shared.storage.rows import TooLarge
from shared.storage.services import azure_credential, queue_service, table_service
from shared.storage.store import Cursor, Store, Tables

__all__ = [
    "Bells",
    "Cursor",
    "Queues",
    "Retention",
    "Store",
    "Tables",
    "TooLarge",
    "azure_credential",
    "queue_service",
    "table_service",
]
