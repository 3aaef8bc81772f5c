"""`helloword train` and `helloword models`: fits the models on stored history, measures them, and stores versions."""
