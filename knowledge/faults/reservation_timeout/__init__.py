"""Stock was not set aside by the deadline."""
