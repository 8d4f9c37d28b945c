"""How it looks: what each output format makes of the neutral pages."""
