"""
What is wrong with a prompt file, found without a model, a network or Git.

A rule is a small function in the file of its family.  `subject` is what it looks at, `finding`
what it says, `rules` the list of them all, and `linting` the one loop.
"""
