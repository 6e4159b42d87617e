"""Verifies on the running system what must always hold (spec P11); it reads, compares and tells, and never repairs."""
