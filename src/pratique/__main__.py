"""`python -m pratique`."""

from pratique.cli.main import main

main()
