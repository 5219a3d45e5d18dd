"""Links and addresses: which may be fetched, and which may be connected to."""
