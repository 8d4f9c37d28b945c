"""Releases, blue/green deployments and rollbacks: what `./deploy.py` does."""
