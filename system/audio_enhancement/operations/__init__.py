"""What operators do besides deploying: checks, backups, dead letters, cache, keys. Each is a script in ``scripts/``."""
