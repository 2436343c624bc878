"""From baseline and candidate to a Verdict, at stated error rates."""
