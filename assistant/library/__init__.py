"""The shop's memory: keeps the library of past cases in step with the cases, and answers searches in it."""
