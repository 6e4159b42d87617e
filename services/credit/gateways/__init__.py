"""What credit reads from outside its database: the policy file."""
