"""The customer submits the same basket again and again and no payment is accepted."""
