"""Training a sparse autoencoder and measuring it."""
