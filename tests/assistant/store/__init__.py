"""Tests of assistant.store."""
