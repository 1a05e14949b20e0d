"""The demonstration: a group of three properties, five cases step by step, and an endless stream of calls."""
