"""A promptfoo config, read and written anew as prompts, cases, eval files and a config of ours."""
