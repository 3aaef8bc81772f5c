"""An order goes ahead that nobody paid."""
