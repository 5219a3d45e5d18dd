"""One link becomes a file: yt-dlp in a confined child, its options, its versions, and how it fails."""
