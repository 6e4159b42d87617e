"""The ledger's REST: read, call one use case, render."""
