"""What reports say: facts in, messages out, without touching any edge."""
