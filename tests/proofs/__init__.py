"""Proofs over all services: order and batches, replay from the topics, and a model beside the real thing."""
