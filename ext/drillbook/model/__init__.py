"""Plain dataclasses and the rules that they obey: procedures, trees, conditions. No Sphinx in here."""
