"""Tests of the frame itself: isolation, databases, processes, browser, setup, and the rules of the house."""
