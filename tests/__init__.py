"""What crosses services: architecture, end to end, faults, and the servers all tests share."""
