"""Tests of assistant.followup."""
