"""Facts as entries of a page: one module a kind, pure functions from facts to neutral nodes."""

from drillbook.pages.entries.entry import Entry

__all__ = ["Entry"]
