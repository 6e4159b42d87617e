"""The REST of credit: each module parses, calls one use case, and renders."""
