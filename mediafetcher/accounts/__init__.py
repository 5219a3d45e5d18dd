"""Accounts and secrets: users, sessions, tokens, the first run, rate limits, the audit log."""
