"""Links and addresses: what may be fetched, and what may be reached."""
