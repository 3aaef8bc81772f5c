"""Tests of assistant.cases."""
