"""Tests of assistant.training."""
