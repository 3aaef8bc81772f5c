"""The payment failed or the checkout ended, and stock is still reserved for it."""
