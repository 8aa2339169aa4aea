"""The local Functions host: runs an unchanged function app with the rules of the Azure Functions host.

The real host is not on any package index; this one exists so that the app can be started and tested without it.
Requests, queue messages and timer requests are built by the converters of azure-functions, as the worker does it.
"""

from sandbox.host.functions import Refused
from sandbox.host.host import Host
from sandbox.host.listener import HIDDEN_SECONDS
from sandbox.host.web import Keys

__all__ = ["HIDDEN_SECONDS", "Host", "Keys", "Refused"]
