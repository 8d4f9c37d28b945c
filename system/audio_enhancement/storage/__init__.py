"""What is kept: jobs and API keys in PostgreSQL, audio on disk, finished results in the cache."""
