"""What collections does for people, for other services and by the day: one verb per file."""
