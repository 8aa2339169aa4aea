"""Pages: what the pages of both services have in common: templates, the files beside them, and times in words."""

from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def templates(module: str, **filters: Any) -> Environment:
    """The templates beside a module, which escape what they show."""
    loader = FileSystemLoader(Path(module).with_name("templates"))
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    found.filters |= filters
    return found


def asset(name: str) -> Response:
    """A style sheet or script."""
    path = STATIC / Path(name).name
    if path.suffix not in TYPES or not path.is_file():
        return Response("There is no such file.", 404)
    return Response(path.read_bytes(), content_type=TYPES[path.suffix])


def day(text: str | None) -> str:
    """31 Dec 2026, of a date or a time in UTC."""
    if not text:
        return ""
    found = date.fromisoformat(text[:10])
    return f"{found.day} {found:%b %Y}"


def moment(text: str | None) -> str:
    """2 Nov 2026, 09:05"""
    return f"{day(text)}, {text[11:16]}" if text else ""
