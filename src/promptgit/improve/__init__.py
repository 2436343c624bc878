"""From an Evaluation to better Candidates; most proposals are refused."""
