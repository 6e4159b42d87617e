"""What collections reads from outside that is neither SQL nor Kafka: the documents of policies."""
