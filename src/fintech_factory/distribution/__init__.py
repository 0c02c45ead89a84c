"""Outbox and channels: from a message to a receipt."""
