"""PostgreSQL: the embedded server, the pool, the tables, the migrations."""
