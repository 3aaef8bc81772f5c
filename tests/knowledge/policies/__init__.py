"""Tests of knowledge.policies."""
