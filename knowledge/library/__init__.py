"""Past cases, found again by meaning: embedders and the Chroma library."""
