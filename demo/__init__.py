"""The main job shown on the running system: a simulated year, or the user's own file, through the public API."""
