"""Migrations, oldest first; the file's name is the version that the database records."""
