"""Tests of knowledge.models."""
