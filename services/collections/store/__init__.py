"""How collections keeps its records in PostgreSQL: SQL stands here only."""
