"""k-means-quality with iterative refinement (arXiv 2409.11378): config, rounds, runs, view."""
