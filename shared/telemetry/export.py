"""Export: metrics to Azure Monitor: loaded in the background, so that nobody waits for it, and only where it is
configured.

The exporter alone, not the distribution around it: requests, calls and log lines reach Application Insights by way of
the Functions host already, and the distribution's instrumentation would record them a second time.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from threading import Event, Lock, Timer
from typing import TYPE_CHECKING, Any

from shared import __version__
from shared.say import say
from shared.telemetry.lines import Line

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

log = logging.getLogger("cosell.work")
Measure = Callable[[Line], None]
REST_SECONDS = 5.0  # the first delivery is answered before the exporter is imported
MOST_WAITING = 2000


class Later:
    """Keeps lines until what measures them is loaded. Without success the log says so, and the newest are kept."""

    def __init__(self, load: Callable[[], Measure], rest_seconds: float = REST_SECONDS) -> None:
        self._load = load
        self._measure: Measure | None = None
        self._waiting: deque[Line] = deque(maxlen=MOST_WAITING)
        self._lock = Lock()
        self.loaded = Event()
        timer = Timer(rest_seconds, self.load)
        timer.daemon = True
        timer.start()

    def measure(self, line: Line) -> None:
        """Measure a line, now or once that is possible."""
        with self._lock:
            if self._measure is None:
                self._waiting.append(line)
                return
        self._measure(line)

    def load(self) -> None:
        """Load what measures, and give it what has been waiting."""
        try:
            measure = self._load()
        except Exception as error:  # noqa: BLE001  whatever is wrong with figures, deals are synchronised
            say(log.warning, "figures are not sent", why=type(error).__name__)
            return
        with self._lock:
            self._measure = measure
        for line in self._waiting:
            measure(line)
        self._waiting.clear()
        self.loaded.set()


def azure_monitor(connection: str, credential: TokenCredential) -> Measure:
    """Send figures to this Application Insights resource once a minute, signed in with an identity of Entra."""
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    from shared.telemetry.metrics import Instruments

    exporter: Any = AzureMonitorMetricExporter(connection_string=connection, credential=credential)
    resource = Resource.create({"service.name": "cosell-connector", "service.version": __version__})
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=resource)
    return Instruments(provider.get_meter("cosell", __version__)).measure
