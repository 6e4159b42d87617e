"""Catches the mail of a stack that names no mail server: on disk, and listed on a page of this machine."""
