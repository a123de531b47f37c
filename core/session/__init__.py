"""One opened store with what the command line and every page need of it."""
