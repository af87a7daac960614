"""`python -m logo_retrieval_cli` is the command line too."""

from .main import main

main()
