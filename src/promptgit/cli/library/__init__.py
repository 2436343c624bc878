"""One file a subcommand of `promptgit library`, named as it is typed."""
