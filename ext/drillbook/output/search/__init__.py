"""The search: one index, loaded by a script tag, so that it works on a server, from a file, and without a network."""
