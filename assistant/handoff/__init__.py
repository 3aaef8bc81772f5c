"""How a case goes to a person: who gets it, what they read, what the customer is told."""
