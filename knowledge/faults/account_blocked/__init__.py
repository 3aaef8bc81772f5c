"""The customer's account is suspended or closed: to a human."""
