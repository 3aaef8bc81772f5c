"""Captured exceeds due by less than a payment, or the order's total disagrees with what was agreed."""
