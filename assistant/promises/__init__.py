"""What was promised, to customers and by service level: each with a clock and an owner."""
