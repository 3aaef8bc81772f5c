"""The one write path: the effects ledger and the only caller of `tools.actions` besides notifications."""
