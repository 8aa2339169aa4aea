"""Azure Tables and Queues in memory: doubles of the client methods that the connector and the local host call.

`shared.storage` itself always runs; only the service behind it is replaced. The doubles raise the exceptions of
the Azure libraries and keep the limits of the service, also where the Azurite emulator is lax.
"""

from sandbox.memory.faults import Faults
from sandbox.memory.queues import MemoryQueue, MemoryQueues
from sandbox.memory.tables import MemoryTable, MemoryTables

__all__ = ["Faults", "MemoryQueue", "MemoryQueues", "MemoryTable", "MemoryTables"]
