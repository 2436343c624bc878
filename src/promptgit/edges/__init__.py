"""The only disk, clock and Git."""
