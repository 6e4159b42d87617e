"""The only place that knows Kafka: outbox, relay, positions, day markers and parking (spec P4, P5, P6)."""
