"""Terraform is started once for all tests of the infrastructure, and plans once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.described import Terraform, terraform


@pytest.fixture(scope="session")
def terraformed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with terraform(tmp_path_factory.mktemp("tf")) as made:
        yield made


@pytest.fixture(scope="session")
def told(terraformed: Terraform) -> list[dict[str, Any]]:
    """What `terraform test` says of the shipped files, line by line, its plans included."""
    return [json.loads(line) for line in terraformed.run("test", "-json", "-verbose").stdout.splitlines()]
