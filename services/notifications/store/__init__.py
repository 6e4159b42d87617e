"""The SQL of notifications, one file per noun; every batch is a fixed number of statements."""
