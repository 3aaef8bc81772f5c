"""Tests of the lookups."""
