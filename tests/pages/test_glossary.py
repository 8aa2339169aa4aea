"""The glossary speaks of the code as it is, and every module says what its name means."""

import ast
import re

import pytest

from tests.architecture.rules import Module
from tests.architecture.test_rules import ROOT, project

PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([a-z ]+) \| (.+) \| `(\w+)` \|$", PAGE, re.M)
OURS = ("shared", "functions", "cli")
# Names of other people's things, and the small words between them.
GIVEN = {"to", "co", "the", "entra", "salesforce", "microsoft", "x509", "soql", "cli", "functions"}


def names_in_use() -> set[str]:
    """Every name that the product defines, reads or passes, and the words of its texts."""
    found: set[str] = set()
    for module in project().of(*OURS):
        for node in module.every:
            found |= {str(getattr(node, part, "")) for part in ("id", "attr", "arg", "name")}
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_word_is_still_one_of_the_code() -> None:
    used = names_in_use()
    assert [word for word, _, name in ROWS if name not in used] == []


def test_words_have_one_row_each_in_order_and_one_sentence() -> None:
    words = [word for word, _, _ in ROWS]
    assert 30 <= len(words) <= 40
    assert words == sorted(set(words))
    assert [word for word, meaning, _ in ROWS if not meaning.endswith(".") or ". " in meaning] == []


@pytest.mark.parametrize("module", project().of(*OURS), ids=lambda module: module.name)
def test_the_first_line_of_a_module_explains_its_name(module: Module) -> None:
    name = module.name.removesuffix(".__init__").rpartition(".")[2]
    said = (ast.get_docstring(module.nodes) or "").partition("\n")[0].lower()
    words = {word for word in name.strip("_").split("_") if word not in GIVEN and name != "__main__"}
    assert [word for word in words if word[: max(3, len(word) - 3)] not in said] == []
