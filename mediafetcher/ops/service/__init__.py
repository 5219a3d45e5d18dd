"""MediaFetcher as a service of the machine: OpenRC or systemd, with a user of its own."""
