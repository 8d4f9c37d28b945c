"""For readers and keepers: publishing, versions, languages, notices, feedback, search by others. Uses ``output``."""
