"""Everything that waits: one table of timers and the sweep that fires them."""
