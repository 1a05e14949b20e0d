"""Measuring: each figure beside its floor in the same run, printed as one JSON object a line."""
