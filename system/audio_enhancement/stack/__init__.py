"""The local stack: all servers and processes of the system on one machine, in one run folder."""
