"""What a user does, from end to end, on real processes."""
