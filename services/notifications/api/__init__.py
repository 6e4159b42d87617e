"""The routes of notifications, one file per noun: parse, call one use case, render."""
