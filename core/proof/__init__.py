"""Does a selection train better? The same model fine-tuned on the picks of several methods."""
