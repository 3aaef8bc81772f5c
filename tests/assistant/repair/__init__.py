"""Tests of assistant.repair."""
