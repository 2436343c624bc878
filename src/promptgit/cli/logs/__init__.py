"""One file a subcommand of `promptgit logs`, named as it is typed."""
