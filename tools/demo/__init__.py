"""The demonstration: a group of three properties, six cases step by step, and an endless stream of calls."""
