"""The HTTP interface: the route table, access control, and the server."""
