"""The rules: pure functions from facts to violations, each a sentence that must hold after any kill."""
