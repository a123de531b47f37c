"""Numbers for samples and for answers."""
