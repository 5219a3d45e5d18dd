"""Files that lie there already become items, without a download."""
