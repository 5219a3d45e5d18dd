"""Diagnose the machine below MediaFetcher. Each finding names the command that corrects it."""
