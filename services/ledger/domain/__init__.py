"""The ledger's rules, pure: what follows from what is known, without clock, database or network."""
