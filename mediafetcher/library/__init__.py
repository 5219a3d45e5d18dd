"""The library: bytes in the store, items and folders in the database, and the check that the two agree."""
