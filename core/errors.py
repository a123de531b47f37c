"""The mistakes a user can mend: each is shown as one sentence, and ends a command with status 2."""

from __future__ import annotations

from collections.abc import Sequence


class SaelectError(Exception):
    """A mistake or a missing thing that the user can mend; its text says how."""


class DataError(SaelectError):
    """A data file that cannot be read as instruction data."""


class ModelError(SaelectError):
    """A language model or SAE that cannot be loaded, or that do not fit together."""


class StoreError(SaelectError):
    """A feature store that is missing, unfinished, locked or of another version."""


class LockedError(StoreError):
    """A store that another process is writing."""


class DiskError(SaelectError):
    """A file that cannot be written: the disk is full or read-only, or the folder not ours."""


class DamagedError(StoreError):
    """A file of ours that was cut short or changed: it is left as it is, or set aside, but never deleted."""


class SelectionError(SaelectError):
    """A selection that was asked for and cannot be made."""


class JobError(SaelectError):
    """A job that is not there, or that is not in the state for what it is asked to do."""


class UnscoredError(SelectionError):
    """A selection by a score that some samples lack, or have in a form that the method cannot use: `rows`."""

    def __init__(self, text: str, rows: Sequence[int]) -> None:
        super().__init__(text)
        self.rows = tuple(rows)
