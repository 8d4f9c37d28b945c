"""Recordings as files: decoding in a sandbox, encoding by atomic writes."""
