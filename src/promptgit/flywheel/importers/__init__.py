"""Formats that others log in, read as interactions; each is a module of its name."""

from promptgit.flywheel.importers.record import Passed, Record, Rejected
from promptgit.flywheel.importers.registry import FORMATS, Found, detect, interactions

__all__ = ["FORMATS", "Found", "Passed", "Record", "Rejected", "detect", "interactions"]
