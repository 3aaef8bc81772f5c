"""Who may do what, and where personal data is kept: principals, API keys, the vault."""
