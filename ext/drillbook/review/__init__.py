"""``drillbook review``: what is due, what there is to sign on a page, and the signature. No Sphinx in here."""
