"""Is it still true: what the manual shows is run, and compared with what comes."""
