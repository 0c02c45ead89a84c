"""What channels are tested against: a message, and servers that speak as the vendors do."""
