"""For tests, ours and yours: scripted models, throwaway repositories."""
