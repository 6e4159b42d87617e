"""The ledger's inputs that are neither SQL nor Kafka."""
