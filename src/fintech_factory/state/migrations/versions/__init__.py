"""One file a revision, numbered: `r0001_what_it_brings.py`, revision `0001`."""
