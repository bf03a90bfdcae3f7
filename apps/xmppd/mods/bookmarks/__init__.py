"""bookmarks — the pure parts of mod_bookmarks."""
