"""Tests of principals, keys and the vault."""
