"""The two sides of the question what is missing: the data, or what is kept of it, and the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.features.shown_labels import called_of, labels_of, labels_stamp
from core.schema import SelectionSpec
from core.session.groups import GROUPS, Group, group, rest
from core.session.sample_info import other_store, versions
from core.session.search import sources
from core.session.session import Session
from core.store.catalogue import store_titles
from core.store.reader import FeatureStore
from core.studies.missing.lacking import Missing, missing
from core.system.files import cache_dir
from core.workspace.decisions import WorkspaceState

OF = ("all", "kept")  # what is asked about: all samples, or those kept


@dataclass(frozen=True)
class Sides:
    """here: the samples that may lack something; there: the reference, whose rows are of `store`."""

    here: Group
    there: Group
    store: FeatureStore


def against(name: str) -> str:
    """A reference as a group is named: a store's path or key stands for the store."""
    return name if name.partition(":")[0] in (*GROUPS, "store") else f"store:{name}"


def sides(session: Session, spec: SelectionSpec, state: WorkspaceState, name: str, of: str = "all") -> Sides:
    """What is kept, or all samples, against the reference of a name such as set:good or a store's path.

    A reference out of the same data is left out of `all`, which would have everything of it. Raises as `group` does,
    and SelectionError for another `of` and where no sample is left.
    """
    if of not in OF:
        raise SelectionError(f"There is nothing called {of!r} to ask about: use all or kept.")
    name = against(name)
    there, (kind, _, key) = group(session, spec, state, name), name.partition(":")
    store = other_store(session.store, key, spec.lens) if kind == "store" else session.store
    if of == "kept":
        return Sides(group(session, spec, state, "kept"), there, store)
    if store is session.store:
        return Sides(rest(there), there, store)
    matrix = session.matrix_of(spec)
    return Sides(Group("all", matrix, np.arange(matrix.n_samples)), there, store)


def study(
    session: Session, spec: SelectionSpec, state: WorkspaceState, name: str, of: str = "all"
) -> tuple[Sides, Missing]:
    """The sides and what is missing, computed once for a request and the decisions; raises as `sides`."""

    def compute() -> tuple[Sides, Missing]:
        found = sides(session, spec, state, name, of)
        return found, missing(found.here, found.there)

    file = versions([against(name).removeprefix("store:")])
    return session.remember(("missing", repr(spec), name, of, state.version, *file), compute)


def names_of(session: Session, found: Sides, state: WorkspaceState, lens: str) -> dict[int, str]:
    """What the features of a lens are called: by their labels, else as the reference calls them, else as here."""
    key = ("called", lens, state.version, labels_stamp(session.store, lens))
    own = session.remember(key, lambda: called_of(session.store, state, lens))
    if found.store is session.store:
        return own
    labels = {feature: label.text for feature, label in labels_of(session.store, state, lens).items()}
    return own | found.store.faces(lens) | labels


def references(session: Session, state: WorkspaceState, lens: str) -> dict[str, str]:
    """What a store can be compared with, by name, and what each is called: other stores of the cache with the same
    model and SAE, sets, tags, and sources where there are several.
    """
    found = {f"store:{t.key}": t.text for t in store_titles(cache_dir()) if t.key != session.store.key
             and not t.error and made_of(t.meta, lens) == made_of(session.store.meta, lens)}  # fmt: skip
    for kind, known in (("set", state.sets), ("tag", state.tags)):
        found |= {f"{kind}:{name}": f"{kind} {name}" for name in known}
    names = sorted(set(sources(session)))
    return found | ({f"source:{name}": f"source {name}" for name in names} if len(names) > 1 else {})


def made_of(meta: dict, lens: str) -> tuple[str, str]:
    """The digests of a store's model and of a lens's SAE, empty where it does not say."""
    made = meta.get("digests") or {}
    of_lens = (meta.get("topics") or {}).get("digest", "") if lens == "topics" else made.get("sae", "")
    return made.get("model", ""), of_lens
