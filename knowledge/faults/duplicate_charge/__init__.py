"""More was captured than due, and one whole payment is redundant."""
