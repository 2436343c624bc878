"""Git-native prompt versioning: improve prompts, prove it, keep the evidence in the commit."""

__version__ = "0.1.0"
