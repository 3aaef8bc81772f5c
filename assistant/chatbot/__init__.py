"""The customers' chatbot: signed sessions, one customer's desk, requests and hand-over, and staff's side of it."""
