"""Comparisons of methods, and what length has to do with features."""
