"""The deployed files, loaded and invoked through the real Python worker, with the settings in the environment only."""

import json
import os
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from release.package import LIBRARIES, build
from sandbox.partner_center.authority import Authority
from sandbox.serve import Server
from tests.support.deliveries import NOBODY, REFERRAL, TOKEN, body, served_to_a_process
from tests.support.deliveries import headers as signed
from tests.support.flow_table import FLOWS, as_flow
from tests.support.pinned import linked_libraries
from tests.support.worker import (
    WORKER,
    Invocation,
    Outcome,
    Worked,
    http_input,
    run_in_worker,
    timer_input,
    worker_folder,
)

ROOT = Path(__file__).parents[2]
CONTENT = body()
WEBHOOK = "PartnerCenterToSalesforce"
REGISTRATION = "PartnerCenterWebhookRegistration"
QUEUES = [flow.name for flow in FLOWS if flow.trigger == "queueTrigger" and not flow.place.endswith("-poison")]
POISONED = [flow.name for flow in FLOWS if flow.place.endswith("-poison")]
TIMERS = [flow.name for flow in FLOWS if flow.trigger == "timerTrigger"]
FACTS = {"Id": "1", "DequeueCount": 1, "PopReceipt": "r"}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unpacked: the one that PACKAGE names, or one of this checkout.

    The libraries of the latter are those of this environment, but only the pinned ones, and not copied.
    """
    folder = tmp_path_factory.mktemp("deployed")
    app, package = folder / "app", os.environ.get("PACKAGE", "")
    if not package:
        (folder / "none").mkdir()
        package = str(folder / "package.zip")
        build(ROOT, folder / "none", folder / "stage", Path(package))
    with zipfile.ZipFile(package) as packed:
        packed.extractall(app)
    if not (app / LIBRARIES).exists():
        linked_libraries(app / LIBRARIES)
    return app


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment in which there is the worker, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, symlinks=True)
    (library,) = folder.glob("lib/python*/site-packages")
    (library / WORKER).symlink_to(worker_folder())
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Authority, Server, dict[str, str]]]:
    """A certificate authority of today, a host on this machine that serves its certificate, and complete settings."""
    with served_to_a_process(tmp_path_factory.mktemp("roots")) as known:
        yield known


@pytest.fixture(scope="module")
def worked(deployed: Path, python: Path, certificates: tuple[Authority, Server, dict[str, str]]) -> Worked:
    """The app indexed once and called in every way; one process serves all tests of this file."""
    return run_in_worker(deployed, [call for _, call in _calls(certificates)], certificates[2], python)


@pytest.fixture
def outcomes(worked: Worked, certificates: tuple[Authority, Server, dict[str, str]]) -> dict[str, Outcome]:
    names = [name for name, _ in _calls(certificates)]
    return dict(zip(names, worked.outcomes, strict=True))


def _calls(certificates: tuple[Authority, Server, dict[str, str]]) -> list[tuple[str, Invocation]]:
    authority, server, _ = certificates
    address = f"{server.url}/cert/pcnotifications-dispatch.microsoft.com.cer"
    genuine = signed(CONTENT, authority.leaf, X_MS_Certificate_Url=address)
    unsigned = {name: text for name, text in genuine.items() if name != "X-MS-Signature"}
    test = body(EventName="test-created", ResourceUri="http://localhost:16722/v1/webhooks/registration/test")
    unknown = body(EventName="invoice-ready")
    return [
        ("genuine", _delivery(CONTENT, genuine)),
        ("unsigned", _delivery(CONTENT, unsigned)),
        ("forged", _delivery(CONTENT.replace(b"updated", b"deleted"), genuine)),
        ("no certificate", _delivery(CONTENT, {**genuine, "X-MS-Certificate-Url": f"{NOBODY}/cert/x.cer"})),
        ("other address", _delivery(CONTENT, genuine, "guessed")),
        ("test", _delivery(test, signed(test, authority.leaf, X_MS_Certificate_Url=address))),
        ("unknown", _delivery(unknown, signed(unknown, authority.leaf, X_MS_Certificate_Url=address))),
        ("registration", Invocation(REGISTRATION, "req", http_input("POST", "http://x/api/y", b'{"endpoint": 7}'))),
        *(
            (f"malformed {name}", Invocation(name, "message", ("string", "no doorbell"), FACTS))
            for name in QUEUES + POISONED
        ),
    ]


def _delivery(content: bytes, headers: Mapping[str, str], token: str = TOKEN) -> Invocation:
    lower = {name.lower(): text for name, text in headers.items()}
    url = f"http://localhost/api/partner-center/{token}"
    return Invocation(WEBHOOK, "req", http_input("POST", url, content, headers=lower, params={"token": token}))


def test_what_is_deployed_is_the_app_and_no_tool(deployed: Path) -> None:
    needed = {"function_app.py", "functions", "host.json", "requirements.txt", "shared"}
    names = {entry.name for entry in deployed.iterdir()}
    assert needed <= names
    assert names - needed <= {"LICENSE", "README.md", "mapping.toml", ".funcignore", ".python_packages", "__pycache__"}
    assert (deployed / "shared" / "mapping" / "mapping.toml").is_file()


def test_the_worker_indexes_exactly_the_flow_table(worked: Worked) -> None:
    assert worked.refused == ""
    assert sorted(as_flow(name, bindings) for name, bindings in worked.functions.items()) == sorted(FLOWS)


def test_a_genuine_delivery_rings_the_queue_and_is_answered_200(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["genuine"]
    assert (outcome.succeeded, outcome.returned["status_code"]) == (True, "200")
    assert list(outcome.outputs) == ["bells"]
    assert json.loads(outcome.outputs["bells"])["ids"] == [REFERRAL]


@pytest.mark.parametrize(
    ("names", "statuses"),
    [
        (("unsigned", "forged", "other address"), {"400", "401", "404"}),
        (("no certificate",), {"503"}),
        (("test", "unknown"), {"200"}),
    ],
    ids=["what is not proven is refused", "what cannot be proven is asked for again", "what concerns no referral"],
)
def test_every_other_delivery_is_answered_by_its_kind_and_rings_nothing(
    outcomes: dict[str, Outcome], names: tuple[str, ...], statuses: set[str]
) -> None:
    for outcome in (outcomes[name] for name in names):
        assert outcome.succeeded
        assert outcome.returned["status_code"] in statuses
        assert not outcome.outputs.get("bells")


def test_what_is_no_doorbell_fails_and_is_put_aside_but_is_not_poison_again(outcomes: dict[str, Outcome]) -> None:
    for name in QUEUES:
        outcome = outcomes[f"malformed {name}"]
        assert not outcome.succeeded, name
        assert "Doorbell" in outcome.error
    assert all(outcomes[f"malformed {name}"].succeeded for name in POISONED)


def test_a_registration_that_cannot_be_used_is_answered_not_thrown(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["registration"]
    assert (outcome.succeeded, outcome.returned["status_code"]) == (True, "400")


def test_without_settings_every_problem_is_told_at_first_use(deployed: Path, python: Path) -> None:
    empty = dict.fromkeys(("COSELL_DIGEST_KEY", "COSELL_WEBHOOK_TOKEN", "COSELL_STORAGE"), "")
    calls = [_delivery(CONTENT, {}), Invocation(TIMERS[0], "timer", timer_input())]
    worked = run_in_worker(deployed, calls, empty, python)
    assert worked.refused == ""
    for outcome in worked.outcomes:
        assert not outcome.succeeded
        for name in ("COSELL_DIGEST_KEY", "COSELL_WEBHOOK_TOKEN", "COSELL_ENTRA_TENANT_ID"):
            assert name in outcome.error
