"""Our figures against the source's own: facts in, verdicts out."""
