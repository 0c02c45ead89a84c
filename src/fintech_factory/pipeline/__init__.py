"""The day: reads facts, has them judged, persists the results."""
