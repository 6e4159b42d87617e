"""Tests of what a process tells about itself."""
