"""Trained models over checkouts, statistics first: unusual amounts and novelty; scikit-learn lives here alone."""
