"""Catches mail and text messages of a stack that names no server for them: on disk, and listed on a page here."""
