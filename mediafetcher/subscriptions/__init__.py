"""Following: channels and lists that are checked by themselves, with a memory of every entry."""
