"""Plug-ins, one file each: a seed prompt and a lab in, Candidates out."""
