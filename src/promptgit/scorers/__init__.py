"""Plug-ins, one file each: a case and an output in, a Score out."""
