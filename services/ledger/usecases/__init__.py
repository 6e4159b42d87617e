"""What the ledger does, one verb for each file; every use case takes a batch and answers for each command."""
