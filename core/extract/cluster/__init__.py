"""Extraction on the machines of a Ray cluster, or in several processes of this one."""
