"""Foundations without knowledge of the product: settings, errors, logging, events, clock."""
