"""For readers and keepers: publishing, versions, notices, feedback, search by others. Uses ``output``."""
