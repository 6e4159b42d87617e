"""Proofs of the work on overdue debts."""
