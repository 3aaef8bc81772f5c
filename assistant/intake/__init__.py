"""Events in: checked, recorded once, folded, detected on; and the sweep that finds what no event told."""
