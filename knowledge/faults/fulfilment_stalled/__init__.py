"""Paid and ordered, and no next step by the deadline."""
