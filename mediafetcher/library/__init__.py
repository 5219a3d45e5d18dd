"""What is kept: bytes in the store, items and folders in the database, and the proof that the two agree."""
