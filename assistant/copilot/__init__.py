"""The copilot's service: what may be done next about a case, why, how sure it is, and what people make of it."""
