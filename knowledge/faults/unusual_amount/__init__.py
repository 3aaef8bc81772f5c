"""unusual_amount: a total far above what the customer, or else the category, usually comes to."""
