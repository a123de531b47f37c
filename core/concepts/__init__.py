"""Concepts taught by examples: probes over features and vectors, how good they are, and recipes for safety."""
