"""HTTP: the table of all routes, who may call them, and the server that answers."""
