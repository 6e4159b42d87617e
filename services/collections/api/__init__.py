"""What people and systems ask of collections over HTTP: one router per noun."""
