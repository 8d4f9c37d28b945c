"""The software of a weather station."""
