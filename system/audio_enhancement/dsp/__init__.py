"""Signal processing: noise suppression, loudness, limiter, and the means to judge them. No input or output here."""
