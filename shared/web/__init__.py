"""The HTTP edge that all services share: strict reading, plain refusals, keys, and one answer per request."""
