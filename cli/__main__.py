"""`python -m cli` is `cosell`."""

from cli.app import main

main()
