"""Events in: checked, recorded once, folded into snapshots, detected on; and the sweep that finds what no event told."""
