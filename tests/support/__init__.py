"""What tests run on: fresh databases, programs of their own, free ports, a browser; conftest.py wires it."""
