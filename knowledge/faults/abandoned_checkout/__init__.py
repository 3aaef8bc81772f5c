"""The customer left before paying; nothing is held."""
