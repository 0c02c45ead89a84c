"""SQL models: read from sql/, ordered by what they read, run on a warehouse."""
