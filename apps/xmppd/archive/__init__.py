"""archive — messages that are kept, for accounts and rooms alike: rows, their ids, the writer, pages."""
