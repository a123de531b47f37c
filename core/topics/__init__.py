"""Topics: what samples are about, by a sparse autoencoder over their mean-pooled vectors; training, encoding, names."""
