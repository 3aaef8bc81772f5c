"""How good is it, and does it keep its promises: the audit, the sandbox proof, the benches."""
