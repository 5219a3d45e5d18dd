"""Shared parts of a library: links with a secret in them, podcast feeds and playlists."""
