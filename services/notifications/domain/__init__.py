"""What decides, purely, whether a message may go, to whom, when, and what became of it."""
