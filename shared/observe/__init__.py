"""What a process tells about itself: log lines, metrics and the trace that joins them."""
