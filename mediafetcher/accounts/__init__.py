"""Who may, and with what secrets: people, their sessions and tokens, the first run, limits, the audit trail."""
