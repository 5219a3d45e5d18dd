"""What knows nothing of the product: settings, errors, log, events, clock, children."""
