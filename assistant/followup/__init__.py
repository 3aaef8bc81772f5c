"""What comes after a resolution: watching, asking how it was, learning from it."""
