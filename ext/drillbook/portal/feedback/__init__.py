"""Feedback: what readers answer to "Did this fix it?" and "Was this page right?", stored, exported and reviewed."""
