"""Figures without a judgement: how fast, how large, how many. `python -m benchmarks` prints them."""
