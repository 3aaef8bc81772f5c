"""The cart showed one price, the checkout another."""
