"""Figures: what can be counted of the running system."""
