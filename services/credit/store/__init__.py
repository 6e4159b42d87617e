"""The SQL of credit, one module per noun; every function works inside the transaction that its caller opened."""
