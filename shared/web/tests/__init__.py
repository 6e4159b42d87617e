"""Tests of the HTTP edge: on real PostgreSQL, and on real sockets where a row of the fault list asks for it."""
