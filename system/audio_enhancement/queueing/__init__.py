"""The job queue: dramatiq on Redis, and the relay that queues what was left behind."""
