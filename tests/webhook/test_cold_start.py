"""A worker that receives a delivery first: what it loads and whom it calls, through the real composition root."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.import_time import DELIVERY, SETTINGS
from sandbox.partner_center.authority import Authority
from sandbox.serve import Server
from tests.support.deliveries import REFERRAL, TOKEN, body, headers, served_to_a_process

ROOT = Path(__file__).parents[2]
CONTENT = body()
HEAVY = ("simple_salesforce", "zeep", "azure.identity", "msal", "azure.storage", "azure.data", "azure.keyvault")
# What the Functions worker loads before it can be given anything: no flow's own libraries.
AT_START = (*HEAVY, "pydantic", "httpx", "requests", "cryptography", "shared.settings", "shared.sync", "opentelemetry")
# All that a delivery may load beside the standard library.
TO_BELIEVE = (
    "shared.webhook",
    "shared.webhook.x509",
    "shared.webhook.fetch",
    "shared.webhook.certificates",
    "shared.doorbell",
    "shared.say",
    "shared.ticks",
    "shared.webhook.issuers",
    "shared.webhook.receiver",
    "shared.settings",
    "shared.settings.receiving",
    "shared.settings.spelling",
    "shared.webhook.delivery",
    "cryptography",
    "_cffi_backend",
    "_openssl",
)
# Run in a process of its own: the modules of the tests would be there already.
ALONE = """
import json, socket, sys
import azure.functions as func
import function_app, functions
indexed = sorted(sys.modules)

called = []
connect = socket.socket.connect
def noted(self, address):
    called.append(list(address[:2]))
    return connect(self, address)
socket.socket.connect = noted
looked_up = []
resolve = socket.getaddrinfo
def asked(host, *more, **options):
    looked_up.append(str(host))
    return resolve(host, *more, **options)
socket.getaddrinfo = asked

class Bells:
    value = ""
    def set(self, value): self.value = value

given = json.load(sys.stdin)
webhook = next(f for f in function_app.app.get_functions() if f.get_function_name() == "PartnerCenterToSalesforce")
statuses, rung = [], []
for content in [given["body"]] * 3:
    request = func.HttpRequest("POST", "https://cosell.example", headers=given["headers"],
                               route_params={"token": given["token"]}, body=content.encode())
    bells = Bells()
    statuses.append(webhook.get_user_function()(request, bells).status_code)
    rung.append(bells.value)
print(json.dumps({"statuses": statuses, "rung": rung, "called": called, "looked_up": looked_up,
                  "indexed": indexed, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Authority, Server, dict[str, str]]]:
    """A certificate authority of today, a host on this machine that serves its certificate, and settings."""
    with served_to_a_process(tmp_path_factory.mktemp("roots")) as known:
        yield known


@pytest.fixture(scope="module")
def cold(served: tuple[Authority, Server, dict[str, str]]) -> dict[str, Any]:
    """What a fresh process says after it has received one genuine delivery three times."""
    authority, server, settings = served
    address = f"{server.url}/cert/pcnotifications-dispatch.microsoft.com.cer"
    signed = headers(CONTENT, authority.leaf, X_MS_Certificate_Url=address)
    done = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-W", "error", "-c", ALONE],
        input=json.dumps({"token": TOKEN, "headers": signed, "body": CONTENT.decode()}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **settings},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_first_delivery_is_believed_and_rings(cold: dict[str, Any]) -> None:
    assert cold["statuses"] == [200, 200, 200]
    assert [json.loads(bell)["ids"] for bell in cold["rung"]] == [[REFERRAL]] * 3


def test_a_delivery_calls_the_certificate_host_once_and_nobody_else(
    cold: dict[str, Any], served: tuple[Authority, Server, dict[str, str]]
) -> None:
    assert cold["called"] == [["127.0.0.1", served[1].port]]
    assert set(cold["looked_up"]) <= {"127.0.0.1"}


@pytest.mark.parametrize(("when", "unneeded"), [("modules", HEAVY), ("indexed", AT_START)])
def test_neither_a_delivery_nor_a_worker_at_its_start_loads_what_it_does_not_need(
    cold: dict[str, Any], when: str, unneeded: tuple[str, ...]
) -> None:
    assert [name for name in cold[when] for module in unneeded if f"{name}.".startswith(f"{module}.")] == []


def _loaded(modules: list[str]) -> set[str]:
    """Which of these are not the language's."""
    return {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names and name != "__main__"}


def _beyond(modules: set[str], allowed: tuple[str, ...]) -> set[str]:
    """Our modules are allowed one by one, a library as a whole."""
    return {name for name in modules if name not in allowed and name.split(".")[0] not in allowed}


def test_a_first_delivery_loads_what_it_takes_to_believe_it_and_nothing_else(cold: dict[str, Any]) -> None:
    assert _beyond(_loaded(cold["modules"]) - _loaded(cold["indexed"]), TO_BELIEVE) == set()


def test_what_is_measured_is_what_a_first_delivery_loads(cold: dict[str, Any]) -> None:
    told = f"{DELIVERY}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603  our own interpreter and text
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
    )
    assert set(cold["modules"]) - set(json.loads(done.stdout)) == set()
