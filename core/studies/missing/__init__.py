"""What the data lacks against a reference: the features that it does not cover, what to collect, and candidates."""
