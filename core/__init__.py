"""SAElect: pick instruction data by what it activates. Importing this package loads no heavy library."""

__version__ = "0.1.0"
