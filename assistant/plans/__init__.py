"""Plans: proposed, limited, versioned, approved. What the agent, the panel and the API may call."""
