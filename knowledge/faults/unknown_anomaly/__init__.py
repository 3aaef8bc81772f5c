"""unknown_anomaly: looks like nothing seen before, and no other fault explains it; always for a person."""
