"""The curated file, the rejects with their reasons, the manifest, and replay of one; and all of it as a data set."""

__all__ = ["export", "replay"]


def __getattr__(name: str) -> object:
    """`export` and `replay`, loaded when they are first asked for: the command line starts without numba."""
    if name not in __all__:
        raise AttributeError(f"core.export has no {name!r}.")
    from core.export.folder import export, replay

    return {"export": export, "replay": replay}[name]
