"""Texts as examples: read by the model, they have the features and the vector that an extraction gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.concepts.examples import Examples, given, inputs, inputs_of_texts
from core.concepts.teach import teach
from core.errors import DataError
from core.extract.token_values import pipeline_of
from core.schema import SelectionSpec
from core.workspace.decisions import WorkspaceState


def test_a_samples_own_text_is_read_as_the_sample_was(workplace, tmp_path: Path) -> None:
    session = workplace
    spec = SelectionSpec(theta=session.default_theta()[0])
    path = tmp_path / "again.jsonl"
    samples = session.store.samples(range(12))
    path.write_text("".join(json.dumps(sample.raw) + "\n" for sample in samples))
    found = given(session, spec, WorkspaceState(), [str(path)])
    assert len(found.texts) == 12 and found.told == "again.jsonl"
    read, own = inputs_of_texts(session, spec, pipeline_of(session.store), found.texts), inputs(session, spec)
    np.testing.assert_allclose(read.vectors, own.vectors[:12], atol=0.05)  # the store keeps half precision
    np.testing.assert_allclose(read.features.toarray(), own.features[:12].toarray(), atol=1e-3)


def test_texts_and_samples_teach_together(workplace, tmp_path: Path) -> None:
    session = workplace
    spec, path = SelectionSpec(theta=session.default_theta()[0]), tmp_path / "texts.txt"
    path.write_text("\n".join(f"write a poem {i}" for i in range(10)))
    texts = given(session, spec, WorkspaceState(), [str(path)])
    others = Examples(np.arange(5, 20), (), "rows")
    taught = teach(session, spec, "poems", texts, others, pipeline=pipeline_of(session.store))
    assert (taught.n_positive, taught.positive) == (10, "texts.txt") and taught.auc["vectors"][0] > 0.9


def test_a_file_that_is_no_text_is_told(workplace, save, tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match=r"broken\.txt is no text in UTF-8"):
        given(workplace, SelectionSpec(), WorkspaceState(), [str(path)])
