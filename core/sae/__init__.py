"""Sparse autoencoders: loading and encoding."""
