"""`python -m sandbox`: the sandbox's commands."""

from sandbox.cli import app

app()
