"""What notifications does, one verb per file, each for a sequence of commands inside its caller's transaction."""
