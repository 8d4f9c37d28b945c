"""Metrics of the weather station."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
READINGS = Counter("ws_readings", "Readings taken, by outcome.", ["outcome"], registry=REGISTRY)
TEMPERATURE = Gauge("ws_temperature_celsius", "Last temperature.", registry=REGISTRY)
SENDING = Histogram("ws_send_seconds", "Time to send one reading.", buckets=(0.1, 1, 10), registry=REGISTRY)
