"""Notifications: events become messages for the page, for services, for webhooks and for media servers."""
