"""A complete address that no carrier serves."""
