"""Documents that are made from code and catalogue, so that they cannot lie: `python -m tools.docs`."""
