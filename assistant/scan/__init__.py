"""The export scan: past orders in, broken ones out, before anything is connected."""
