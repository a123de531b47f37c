"""A store of an earlier version, or one without topics, gets what it lacks, without running the model again."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.extract.finish import write_kinds
from core.extract.pipeline import OnProgress, Progress, given_topics
from core.extract.recount import notes_on_counts, recounted
from core.extract.topics import notes_on_topics, write_topics
from core.schema import ExtractConfig
from core.store.reader import open_store
from core.store.tables import COUNTED
from core.store.writer import writing_store
from core.system.files import replacing, require_space


def upgrade(path: Path, on_progress: OnProgress = lambda p: None) -> Path:
    """Add topics, their names, the kinds of token features and the counts of whole samples to a finished store; its
    path, which stays.

    Tokens are counted by the tokenizer alone, where it is at hand; what was read stays as it was. All is written to a
    copy, which then takes the store's place; an interrupted upgrade is begun again.
    Raises StoreError as `open_store` does.
    """
    store = open_store(path)
    meta = {name: value for name, value in store.meta.items() if name != "schema_version"}
    require_space(path.parent, 2 * path.stat().st_size)
    version, counted = store.version, None
    if version < COUNTED:
        counted = recounted(store, on_progress)
        meta["warnings"] += notes_on_counts(store, counted)
    store.close()
    on_progress(Progress("Copying the store", 0, 1))
    partial = path.with_name(f"{path.stem}.partial.duckdb")
    partial.with_name(f"{partial.name}.wal").unlink(missing_ok=True)  # of an upgrade that was interrupted
    with replacing(partial) as temporary:
        shutil.copyfile(path, temporary)
    with writing_store(path) as writer:
        writer.renew(version)
        if counted is not None:
            writer.set_columns(counted)
        config = ExtractConfig(**meta["config"])
        given = given_topics(config, writer.vectors("all").shape[1])
        meta["topics"] = write_topics(writer, given, config, on_progress)
        meta["warnings"] += [text for text in notes_on_topics(meta["topics"]) if text not in meta["warnings"]]
        write_kinds(writer)
        return writer.finish(meta)
