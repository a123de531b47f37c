"""The machine: files and folders, the hub, results kept as JSON."""
