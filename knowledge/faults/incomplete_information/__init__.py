"""Something must be shipped, and part of the address, recipient or phone is missing."""
