"""What is looked for in the logs, and what is counted: the package's own files are beside this."""
