"""One thin file a page; what they draw is computed in `core`."""
