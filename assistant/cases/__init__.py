"""The case: its states, its timeline, the queue, and what people may do with it."""
