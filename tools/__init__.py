"""What we can do: connectors to other systems, lookups, actions, and the demo shop."""
