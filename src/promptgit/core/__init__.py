"""The nouns: frozen values and the ports between them.  Nothing here reads or writes anything."""
