"""Anything, as text that a person reads."""
