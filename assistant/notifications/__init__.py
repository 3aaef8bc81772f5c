"""What is said to customers: composed from the phrase catalogue, sent through the effects ledger, at most once each."""
