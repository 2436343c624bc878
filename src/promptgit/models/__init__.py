"""Plug-ins, and the only network: a Request in, an Answer out."""
