"""Connectors: how we talk to a shop's systems; the ports they implement and the gate around every call."""
