"""Paid, and stock can't cover the lines."""
