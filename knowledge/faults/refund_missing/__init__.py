"""Checkout or order cancelled or expired, and the money is kept."""
