"""A real model is asked for labels through a real server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ModelError
from core.features.label_examples import example_maker
from core.features.labeller import label_features
from core.features.labels import LabelBook
from core.lm.endpoint import IN_A_ROW, Endpoint
from core.store.reader import open_store
from tests.factories import tiny_store


@pytest.fixture
def real_server(tmp_path):
    """`transformers serve` with the demo's model: (folder, base URL)."""
    from core.demo import demo_model
    from core.lm.sources import converted_gguf

    folder = converted_gguf(demo_model())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("transformers"), "serve", folder, "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    log = (tmp_path / "serve.log").open("wb")
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], env=environment, stdout=log, stderr=log
    )
    try:
        yield folder, wait_for(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def wait_for(address: str, process: subprocess.Popen, seconds: float = 240) -> str:
    """The base URL once the server answers."""
    for _ in range(int(2 * seconds)):
        assert process.poll() is None, "transformers serve ended"
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()
            return f"{address}/v1"
        except OSError:
            time.sleep(0.5)
    raise AssertionError("transformers serve did not start")


@pytest.mark.slow
def test_a_real_model_is_asked_through_transformers_serve(real_server, tmp_path):
    """A model of 135 M parameters may well miss the JSON: each feature is then counted, and nothing is kept of it."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, url = real_server
    records = [{"instruction": "when", "output": f"on day {i} of the trip"} for i in range(12)]
    digests = {"data": "d", "sae": "s"}
    store = open_store(tiny_store(tmp_path, records, [[i % 2] for i in range(12)], n_features=2, digests=digests))
    endpoint = Endpoint(str(folder), url, timeout=240, answer_tokens=16, workers=1)
    make = example_maker(store, store.matrix("all"))

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder, dtype="auto")
    question = [{"role": "user", "content": "Name a day of the week."}]
    ids = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    output = model.generate(**ids, max_new_tokens=16, do_sample=False)
    own = tokenizer.decode(output[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    assert endpoint.ask(endpoint.client(), question).strip() == own.strip() != ""

    book = LabelBook(tmp_path / "labels.sqlite", "s")
    outcomes = list(label_features([make(0), make(1)], endpoint, book))
    assert {o.feature for o in outcomes} == {0, 1}
    assert book.labels() == sorted((o.label for o in outcomes if o.label), key=lambda la: la.feature)
    assert all(o.label or o.problem.startswith("twice, ") for o in outcomes)
    with pytest.raises(ModelError):
        list(label_features([make(0)] * IN_A_ROW, replace(endpoint, model="another/model", retries=0), book))
