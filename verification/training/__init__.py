"""Training runs, judged step by step: each step alone, and all of them together."""
