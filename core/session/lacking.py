"""What a store lacks that a method needs."""

from __future__ import annotations

from core.refine.runs import runs_of
from core.selection.inputs import TOKEN_COUNTS
from core.selection.method import NEEDS
from core.selection.registry import METHODS
from core.session.session import Session, workspace_of
from core.store.catalogue import store_titles
from core.system.files import cache_dir


def lacking(session: Session, method: str) -> tuple[str, ...]:
    """Those of the method's needs that the store does not meet, each one of NEEDS; none where it can run."""
    return tuple(need for need in METHODS[method].needs if need in NEEDS and not has(session, need))


def has(session: Session, need: str) -> bool:
    """Whether a store has what one of NEEDS names."""
    if need == "score":
        return any(name not in TOKEN_COUNTS for name in session.info.scores)
    if need == "run":
        return any(run.finished for run in runs_of(session.store.key))
    if need == "reference":
        state, own = workspace_of(session.store).state(), session.store
        model, others = own.meta.get("digests", {}).get("model"), store_titles(cache_dir())
        alike = (t.meta.get("digests", {}).get("model") == model for t in others if t.key != own.key)
        return any(state.sets.values()) or any(state.tags.values()) or any(alike)
    return True  # every store has vectors
