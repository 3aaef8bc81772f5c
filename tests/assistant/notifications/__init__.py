"""Tests of assistant.notifications."""
