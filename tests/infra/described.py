"""What the two descriptions of Azure would create: Bicep worked out here, Terraform planned by Terraform."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.infra import arm_types, bicep, bicep_names
from tests.infra.asked import INFRA
from tests.infra.rules import RULES

SECONDS: Final = 60
# Parameters as azd fills them in, and once with everything switched on.
PLAIN: Final[Mapping[str, Any]] = {
    "alertEmail": "operator@example.org",
    "budgetStart": "2026-01-01",
    "operatorId": "operator-principal",
}
EVERYTHING: Final[Mapping[str, Any]] = {
    **PLAIN,
    "alwaysReady": {"http": 1, "function:SalesforceToPartnerCenter": 1},
    "flowsOff": "ReconciliationSweep,ReconciliationDelta",
    "operatorAddresses": ["203.0.113.7"],
    "peopleClientId": "people",
    "privateNetwork": True,
    "relay": True,
    "salesforceSignIn": "clientSecret",
}
CLOSED: Final[Mapping[str, Any]] = {**PLAIN, "privateNetwork": True}


def azds_parameters(infra: Path = INFRA) -> dict[str, Any]:
    """The parameters file as azd reads it, with its defaults and nothing set by hand."""
    raw = (infra / "bicep" / "main.parameters.json").read_text("utf-8")
    known = {"AZURE_ENV_NAME": "staging", "AZURE_LOCATION": "westeurope"}
    filled = re.sub(r"\$\{(\w+)=?([^}]*)\}", lambda m: known.get(m[1], m[2]), raw)
    words = {"true": True, "false": False}  # azd makes of a word what the parameter is
    values = {name: one["value"] for name, one in json.loads(filled)["parameters"].items()}
    return {name: words.get(value, value) if isinstance(value, str) else value for name, value in values.items()}


def deployment(infra: Path = INFRA, more: Mapping[str, Any] = PLAIN) -> bicep.Deployment:
    return bicep.deploy(infra / "bicep" / "main.bicep", {**azds_parameters(infra), **more})


def findings(infra: Path = INFRA) -> Iterator[tuple[str, str]]:
    """Everything that is wrong with the Bicep files: which check found it, and what."""
    for file in sorted((infra / "bicep").glob("*.bicep")):
        yield from (("names", problem) for problem in bicep_names.problems(file))
    for more in (PLAIN, CLOSED, EVERYTHING):
        made = deployment(infra, more)
        unsound = [("deployment", problem) for problem in made.problems]
        for resource in made.resources:
            told = arm_types.problems(resource.type, resource.body)
            unsound += [("schema", f"{resource.file}: {resource.symbol}{problem}") for problem in told]
        yield from unsound
        if not unsound:
            yield from ((name, problem) for name, rule in RULES.items() for problem in rule(made))


def terraforms_version() -> tuple[int, ...]:
    """Of the Terraform on this machine; empty when there is none."""
    if shutil.which("terraform") is None:
        return ()
    told = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=True)  # noqa: S607
    return tuple(int(part) for part in json.loads(told.stdout)["terraform_version"].partition("-")[0].split("."))


@dataclass(frozen=True)
class Terraform:
    """Terraform over a copy of `infra`, with providers that are stubs."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command; what it says is in the answer."""
        return subprocess.run(  # noqa: S603
            ["terraform", *arguments],  # noqa: S607  whichever terraform is on the machine
            cwd=folder or self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
