"""The names of the events that the app's code writes."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAID = re.compile(r'\bsay\(\s*[\w.]+(?: if [^,]+)?,\s*f?"([^"]+)"|_mention\([^"]+"([a-z.]+)"')
VARIABLE = {"{what} unreadable": "opportunity unreadable"}  # the one event whose name has a variable part


def events() -> set[str]:
    sources = [file for folder in ("shared", "functions") for file in (ROOT / folder).rglob("*.py")]
    found = {name for file in sources for pair in SAID.findall(file.read_text("utf-8")) for name in pair if name}
    return {VARIABLE.get(name, name) for name in found}
