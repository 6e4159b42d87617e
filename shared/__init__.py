"""The small code that all services stand on: values, time, storage, the HTTP edge and messaging."""
