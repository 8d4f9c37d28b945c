"""What is true: facts taken from the live system. No Sphinx in here; `collect` is the door."""
