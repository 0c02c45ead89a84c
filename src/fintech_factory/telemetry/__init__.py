"""What an operator sees of the work: log lines, objectives, measures and spans."""
