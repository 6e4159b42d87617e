"""What a client must do to serve behind our port to Kafka."""
