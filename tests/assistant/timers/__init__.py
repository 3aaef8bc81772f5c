"""Tests of everything that waits."""
