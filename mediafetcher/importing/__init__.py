"""Existing files become items, without a download."""
