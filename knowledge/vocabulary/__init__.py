"""The nouns every storey shares: events, snapshots, money, findings, plans, errors."""
