"""The way out to the mail server, and the composing of what goes there."""
