"""The payment failed, nothing is held."""
