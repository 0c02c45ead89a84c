"""The views of the book: how each table is named and shown, and which loans it opens to."""
