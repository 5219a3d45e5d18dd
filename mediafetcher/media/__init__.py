"""What a file is, and how to make it playable: probe, decide, convert at most once."""
