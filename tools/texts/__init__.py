"""The translators' file: `python -m tools.texts` adds what is said anew and drops what is left over."""
