"""A coupon that doesn't count, or whose discount is missing or too small."""
