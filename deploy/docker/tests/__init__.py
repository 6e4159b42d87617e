"""Tests of what compose is told and of the steps that prepare an installation."""
