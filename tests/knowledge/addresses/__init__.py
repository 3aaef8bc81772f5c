"""Tests of reading and completing addresses."""
