"""A bottling station to draw."""
