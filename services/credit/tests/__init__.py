"""Tests of credit: pure laws, the REST on real sockets, and the ledger's facts on a real PostgreSQL."""
