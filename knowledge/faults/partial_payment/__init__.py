"""Money was taken, but less than due, and nothing more is coming."""
