"""What a customer may owe, and what follows from an order: pure rules, no time of its own, no database."""
