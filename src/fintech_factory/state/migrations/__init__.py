"""The revisions of the tables, and what runs them."""
