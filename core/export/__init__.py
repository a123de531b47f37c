"""The curated file, the rejects with their reasons, the manifest, and replay of one; and all of it as a data set."""
