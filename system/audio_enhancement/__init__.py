"""The audio enhancement system: gateway, workers, storage, monitoring and their deployment."""
