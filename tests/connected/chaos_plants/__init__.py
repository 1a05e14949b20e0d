"""The violations that are planted in a copy of the small world, by topic."""
