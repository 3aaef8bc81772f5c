"""Shop and inventory system disagree about a sku's stock."""
