"""What we decide: cases, journeys, agent, chat, prevention, the API; everything with a database."""
