"""Gives every test of the repository the shared servers' fixtures, and its examples the time that they need."""

from hypothesis import settings

pytest_plugins = ["tests.servers", "tests.databases", "tests.browser"]

# How fast something is, is measured in benchmarks: a test shares its cores with whatever else runs.
settings.register_profile("dueflow", deadline=None)
settings.load_profile("dueflow")
