"""Delivery information that can be corrected without asking."""
