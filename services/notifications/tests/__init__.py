"""Tests of notifications: laws of the fences, golden mails, and real servers that misbehave."""
