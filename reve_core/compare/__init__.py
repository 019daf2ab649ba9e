"""Comparisons: prompts and models side by side, and whether it can be told which is better."""
