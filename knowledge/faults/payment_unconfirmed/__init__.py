"""The gateway gave no answer by its method's deadline."""
