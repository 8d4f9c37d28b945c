"""For readers and keepers: the manual published, what has changed in it, and what readers say."""
