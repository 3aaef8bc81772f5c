"""Times that can't be true together."""
