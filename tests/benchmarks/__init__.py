"""Figures, not verdicts: how fast, how large, how many. `python -m benchmarks` prints them."""
