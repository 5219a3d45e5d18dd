"""Fetch one link as a file: yt-dlp in a confined child, its options, its versions, and its errors."""
