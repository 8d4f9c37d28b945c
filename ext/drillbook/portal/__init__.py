"""For readers and keepers: publishing, versions, notices, feedback. HTML strings may stand here, as in ``output``."""
