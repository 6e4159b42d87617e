"""The rules of receivables: pure functions and values, without clock, database or wire."""
