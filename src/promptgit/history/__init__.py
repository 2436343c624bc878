"""From Verdicts to commits, and from commits back to what is known of them."""
