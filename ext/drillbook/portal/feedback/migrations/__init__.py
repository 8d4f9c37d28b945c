"""Migrations of the database. They only ever add: an older drillbook may still be running on it."""
