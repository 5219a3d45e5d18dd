"""Downloads: their rows, the queue, and the steps of each."""
