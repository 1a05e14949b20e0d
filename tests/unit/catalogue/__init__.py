"""Tests of the catalogue: what its files say, how they are read, and that they fit together."""
