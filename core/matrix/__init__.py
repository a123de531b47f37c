"""Arrays only: sparse matrices, kernels, statistics. Nothing here knows a file, a model or a screen."""
