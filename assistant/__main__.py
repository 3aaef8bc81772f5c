"""`python -m assistant` is the `helloword` command."""

from assistant.cli import main

main()
