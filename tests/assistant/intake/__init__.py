"""Tests of intake: events in, snapshots and findings out."""
