"""One module a source; the file name is the registration."""
