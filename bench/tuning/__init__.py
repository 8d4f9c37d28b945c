"""Measurements of the documented system: what each recommendation of its manual's tuning pages is worth.

``python -m bench.tuning NAME`` says its progress and prints, as its last line, what it measured as JSON;
``drillbook measure`` runs it and keeps that as evidence. Each has a system of its own, in a folder of its own.
"""
