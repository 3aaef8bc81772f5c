"""Paid, and no order after the deadline."""
