"""Tests of assistant.plans."""
