"""Terraform is started once for all tests of the infrastructure, and plans once."""

import json
import shutil
import sys
from collections.abc import Iterator
from subprocess import PIPE, Popen
from typing import Any, Final

import pytest

from tests.infra.asked import INFRA, ROOT
from tests.infra.described import Terraform, terraforms_version

OLDEST: Final = (1, 11)  # the first whose tests can give values to a plan


@pytest.fixture(scope="session")
def terraformed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Terraform, initialised, over a copy of `infra`; skips where there is none that can plan what is not there."""
    if terraforms_version() < OLDEST:
        pytest.skip("no Terraform 1.11 or newer on this machine: the Terraform files are not checked")
    folder = tmp_path_factory.mktemp("tf")
    shutil.copytree(INFRA, folder / "infra", ignore=shutil.ignore_patterns("salesforce", ".terraform*"))
    command = [sys.executable, "-m", "tests.infra.stub", str(folder)]
    with Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as stub:  # noqa: S603
        assert stub.stdout
        environment = {"TF_REATTACH_PROVIDERS": stub.stdout.readline(), "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
        made = Terraform(folder / "infra" / "terraform", environment)
        initialised = made.run("init", "-backend=false", "-no-color")
        assert initialised.returncode == 0, initialised.stderr
        yield made


@pytest.fixture(scope="session")
def told(terraformed: Terraform) -> list[dict[str, Any]]:
    """What `terraform test` says of the shipped files, line by line, its plans included."""
    return [json.loads(line) for line in terraformed.run("test", "-json", "-verbose").stdout.splitlines()]
