"""The rules of the work on overdue debts: pure functions of what is known of one customer, a date and a policy."""
