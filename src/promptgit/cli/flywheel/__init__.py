"""One file a subcommand of `promptgit flywheel`, named as it is typed."""
