"""Faults in the whole house: real processes, real Kafka and PostgreSQL, killed, stopped, cut off and silenced."""
