"""The ledger's SQL, one file for each noun; nothing here commits."""
