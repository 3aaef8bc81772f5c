"""Whole stories: the demo shop breaks an order, the assistant makes it whole, the shop's judge agrees."""
