"""A small inaccuracy in an address that can be delivered to."""
