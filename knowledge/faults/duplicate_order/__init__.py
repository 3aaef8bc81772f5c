"""The same basket was ordered and paid twice by one customer."""
