"""The command line `dueflow`: one verb per module."""
