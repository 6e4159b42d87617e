"""Gives every test of the repository the shared servers' fixtures."""

pytest_plugins = ["tests.servers", "tests.databases", "tests.browser"]
