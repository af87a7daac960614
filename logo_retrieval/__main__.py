"""`python -m logo_retrieval` is the command line."""

from logo_retrieval_cli.main import main

main()
