"""Dueflow on one machine: PostgreSQL, Kafka, the four services and a mailbox, without installing any of them."""
