"""The demo shop: a program with its own state that serves the shop contract; it knows nothing of the
assistant."""
