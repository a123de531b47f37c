"""The address of a feature at Neuronpedia."""

from __future__ import annotations

import pytest

from core.features import label_files

GEMMA = "gemma-scope-2b-pt-res-canonical/layer_20/width_16k/canonical"


def test_the_address_is_the_one_in_sae_lenss_table():
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

    table = get_pretrained_saes_directory()
    known = [(r, s, found) for r, entry in table.items() for s, found in entry.neuronpedia_id.items()]
    for release, sae_id, found in known[:: len(known) // 40]:
        assert label_files.neuronpedia_id(f"{release}/{sae_id}") == found
    address = "https://www.neuronpedia.org/gemma-2-2b/20-gemmascope-res-16k/10956"
    assert label_files.neuronpedia_url(GEMMA, 10956) == address


@pytest.mark.parametrize("source", ["", "assets/sae", "/abs/folder", "no-release/x", GEMMA + "x", "gemma", "C:\\sae"])
def test_an_sae_that_is_not_there_has_no_address(source):
    assert label_files.neuronpedia_url(source, 1) is None
