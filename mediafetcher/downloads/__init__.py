"""How things come in: the queue, the jobs, and the program that fetches."""
