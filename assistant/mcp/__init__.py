"""The MCP server: the agent's READ and PROPOSE tools for any MCP client, with the scopes of the caller's API key."""
