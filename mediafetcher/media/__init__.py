"""Examine media files and make them playable: probe, decide, convert at most once."""
