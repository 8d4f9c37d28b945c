"""What the manual says: the `ops` domain, and the directives that show live facts."""
