"""How downloads come in: their rows, the queue, and what is done for each."""
