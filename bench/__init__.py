"""Measurements: how long the manual takes to build, and its pages to load. Tests never measure time; this does."""
