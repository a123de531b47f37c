"""What features stand for: cards, labels and where they come from."""
