"""Lands files: from what arrived to typed tables, quarantine, manifest and findings."""
