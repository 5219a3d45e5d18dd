"""MediaFetcher as a system service: OpenRC or systemd, with its own user."""
