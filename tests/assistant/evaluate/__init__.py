"""The audit, the proof and the benches."""
