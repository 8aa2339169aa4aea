"""The project keeps the rules of its architecture, and every rule would notice a breach."""

from functools import cache
from pathlib import Path

import pytest

from tests.architecture.rules import RULES, Tree

ROOT = Path(__file__).parents[2]
DOC = '"""Says what it is for."""\n'
CLEAN = {
    "function_app.py": DOC + "import azure.functions as func\nfrom functions import flow\n",
    "functions/__init__.py": DOC + "def services():\n    from shared.salesforce import Salesforce\n",
    "functions/flow.py": DOC + "import azure.functions as func\nimport functions\nfrom shared import sync\n",
    "shared/__init__.py": DOC,
    "shared/settings.py": DOC + "import os\n\nNAMES = os.environ\n",
    "shared/deal.py": DOC + "from datetime import datetime\n\nWhen = datetime\n",
    "shared/mapping/__init__.py": DOC + "from shared.mapping.rows import Rows\n",
    "shared/mapping/rows.py": DOC + 'from shared.deal import When\n\nclass Rows:\n    """All."""\n',
    "shared/salesforce.py": DOC + "import httpx\nfrom shared.transport import send\n",
    "shared/transport.py": DOC + "import time\n\nclock = time.monotonic\n",
    "shared/sync.py": DOC + "from shared import mapping\nimport logging\n",
    "sandbox/system.py": DOC + "from shared.salesforce import Salesforce\nimport azure.functions\n",
}
LONG_FUNCTION = "def long():\n    '''Long.'''\n" + "    x = 1\n" * 39
LONG_METHOD = "class C:\n    '''C.'''\n    async def long(self):\n" + "        x = 1\n" * 40
BREACHES = [
    ("azure_functions_stays_outside", "shared/sync.py", "import azure.functions as func"),
    ("azure_functions_stays_outside", "shared/sync.py", "from azure import functions"),
    ("azure_functions_stays_outside", "shared/sync.py", "def _f():\n    from azure.functions import HttpRequest"),
    ("only_settings_reads_the_environment", "functions/flow.py", "import os\nx = os.environ['A']"),
    ("only_settings_reads_the_environment", "shared/sync.py", "import os\nx = os.getenv('A')"),
    ("only_settings_reads_the_environment", "shared/sync.py", "from os import environ"),
    ("only_settings_reads_the_environment", "cli/app.py", "import os\nx = os.environ['A']"),
    ("pure_modules_ask_no_clock", "shared/deal.py", "from datetime import datetime\nx = datetime.now()"),
    ("pure_modules_ask_no_clock", "shared/deal.py", "import datetime\nx = datetime.datetime.now()"),
    ("pure_modules_ask_no_clock", "shared/unlinked.py", "import time\nx = time.time()"),
    ("pure_modules_ask_no_clock", "shared/checks.py", "from time import monotonic"),
    ("pure_modules_ask_no_clock", "shared/checks.py", "from time import time"),
    ("pure_modules_ask_no_clock", "shared/checks.py", "from datetime import date\nx = date.today"),
    ("modules_fit_in_one_sitting", "sandbox/system.py", "x = 1\n" * 300),
    ("functions_fit_in_one_look", "sandbox/system.py", LONG_FUNCTION),
    ("functions_fit_in_one_look", "shared/sync.py", LONG_METHOD),
    ("names_say_what_a_module_is_for", "shared/utils.py", ""),
    ("names_say_what_a_module_is_for", "sandbox/common/clock.py", ""),
    ("top_level_names_do_not_clash", "queue/x.py", ""),
    ("top_level_names_do_not_clash", "types.py", ""),
    ("what_is_public_has_a_docstring", "shared/sync.py", "def poll():\n    return 1"),
    ("what_is_public_has_a_docstring", "shared/mapping/rows.py", "class More:\n    x = 1"),
]  # fmt: skip


def plant(root: Path, sources: dict[str, str]) -> Tree:
    for place, text in sources.items():
        file = root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return Tree(root)


@cache
def project() -> Tree:
    return Tree(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_project_keeps_the_rule(rule: str) -> None:
    assert list(RULES[rule](project())) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_clean_tree_is_not_blamed(tmp_path: Path, rule: str) -> None:
    assert list(RULES[rule](plant(tmp_path, CLEAN))) == []


@pytest.mark.parametrize(("rule", "place", "breach"), BREACHES)
def test_a_breach_is_noticed_by_its_rule_alone(tmp_path: Path, rule: str, place: str, breach: str) -> None:
    tree = plant(tmp_path, CLEAN | {place: CLEAN.get(place, DOC) + breach + "\n"})
    blamed = {name: list(check(tree)) for name, check in RULES.items()}
    assert [name for name, offenders in blamed.items() if offenders] == [rule]
    assert len(blamed[rule]) == 1


def test_every_rule_is_shown_to_bite() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)


def test_a_module_without_a_purpose_is_noticed(tmp_path: Path) -> None:
    tree = plant(tmp_path, CLEAN | {"sandbox/more.py": "x = 1\n"})
    assert list(RULES["what_is_public_has_a_docstring"](tree)) == ["sandbox.more does not say what it is for"]
