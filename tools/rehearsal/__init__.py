"""What a plan would do, before it is done: its exact difference, whether an edit of it stands, and how it is undone."""
