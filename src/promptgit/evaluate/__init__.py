"""From a prompt and its cases to an Evaluation, whatever the network does."""
