"""The events of all services, one module per publisher: the only thing that services share about each other."""
