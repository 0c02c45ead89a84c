"""One module a channel; the file name is the registration."""
