"""A charge-back: to a human, refunds blocked."""
