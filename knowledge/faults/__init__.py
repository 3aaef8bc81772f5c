"""What can be wrong with an order: one folder per fault code, listed in catalogue.py."""
