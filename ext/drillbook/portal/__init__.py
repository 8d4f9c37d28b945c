"""For those who read the manual in a browser: all its versions and languages as one folder, and who serves it."""
