"""Chaos: a company at work in a house that is broken at random by a seed, and an account of what was promised to it."""
