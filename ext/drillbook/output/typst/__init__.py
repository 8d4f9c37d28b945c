"""The manual on paper: pages as Typst markup, which an engine in a wheel makes into one PDF, without a network."""
