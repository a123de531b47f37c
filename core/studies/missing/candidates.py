"""Candidates for what is missing: written by a model behind an endpoint, accepted if the feature fires in them.

After FAC synthesis (arXiv 2602.10388), which writes samples for missing features and keeps those that activate them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import SelectionError
from core.features.label_examples import beginning
from core.features.labeller import CHARACTERS_A_TOKEN, Estimate
from core.lm.endpoint import Endpoint, Failures, MalformedAnswer, Messages
from core.schema import NOUNS, Message, Sample, SelectionSpec
from core.settings import whole_number
from core.store.reader import FeatureStore
from core.studies.missing.kept_candidates import append, read_candidates, rejected_file
from core.studies.missing.lacking import Missing
from core.studies.missing.prompts import candidate_prompt, parsed_candidate
from core.studies.missing.verified import Reader
from core.system.kept import now
from core.system.shown import many

TRIES = 3  # requests for each candidate that is wanted, at most
FIRST = 5  # features that candidates are written for, unless they are named


@dataclass(frozen=True)
class Wanted:
    """A feature to write for: its number, its name, and the beginnings of samples that have it."""

    feature: int
    name: str
    examples: list[str]


@dataclass(frozen=True)
class Task:
    """For which features to write how many candidates each, and how they are checked: lens, scope, θ of the spec.

    reference: what the features were missed against, as it was named.
    """

    wanted: Sequence[Wanted]
    each: int
    spec: SelectionSpec
    reference: str

    @property
    def total(self) -> int:
        """Candidates wanted in all."""
        return len(self.wanted) * self.each

    def prompt(self, one: Wanted, nth: int, already: Sequence[str] = ()) -> Messages:
        """The request for one candidate."""
        return candidate_prompt(self.spec.lens, one.feature, one.name, one.examples, nth, already)


def wanted_of(found: Missing, names: Mapping[int, str], store: FeatureStore, typed: str = "") -> list[Wanted]:
    """The features to write for: those typed, numbers with commas, else the FIRST of the list; `store` has the rows.

    Raises SelectionError for one that is not missing, and where nothing is.
    """
    places = {feature: at for at, feature in enumerate(found.feature.tolist())}
    asked = [part.strip() for part in typed.split(",") if part.strip()] or [str(f) for f in list(places)[:FIRST]]
    for text in asked:
        if whole_number(text) not in places:
            raise SelectionError(f"{text!r} is not missing: give numbers of the list, separated by commas.")
    if not asked:
        raise SelectionError("Nothing is missing against this reference: there is nothing to write.")
    return [
        Wanted(feature, names.get(feature, ""), [beginning(s) for s in store.samples(found.rows[places[feature]])])
        for feature in dict.fromkeys(map(int, asked))
    ]


def estimate(task: Task, endpoint: Endpoint) -> Estimate:
    """What writing asks for at most, without a tokenizer; what earlier runs left is not taken off."""
    prompts, times = [task.prompt(one, 0) for one in task.wanted], TRIES * task.each
    characters = sum(len(message["content"]) for prompt in prompts for message in prompt)
    requests = len(prompts) * times
    return Estimate(requests, -(-characters * times // CHARACTERS_A_TOKEN), requests * endpoint.answer_tokens, None)


@dataclass
class Reached:
    """How far a task is: of each feature the candidates accepted, those rejected, requests without one, and the prompts
    written so far. problem: why the last request had none.
    """

    task: Task
    accepted: Counter[int] = field(default_factory=Counter)
    rejected: Counter[int] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)
    prompts: dict[int, list[str]] = field(default_factory=dict)
    problem: str = ""

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Whether the feature fires in a candidate, and no earlier one has its prompt."""
        before = self.prompts.get(record["feature"], ())
        return record["value"] > self.task.spec.theta and record["messages"][0]["content"] not in before

    def note(self, record: Mapping[str, Any], fits: bool) -> None:
        """Count a candidate."""
        (self.accepted if fits else self.rejected)[record["feature"]] += 1
        self.prompts.setdefault(record["feature"], []).append(record["messages"][0]["content"])

    def tries(self, feature: int) -> int:
        """Requests for a feature that are through."""
        return self.accepted[feature] + self.rejected[feature] + self.failed[feature]

    def todo(self) -> list[tuple[Wanted, int]]:
        """What to ask for next: for each candidate that is still wanted its feature, and which try of that it is."""
        each, found = self.task.each, []
        for one in self.task.wanted:
            tries = self.tries(one.feature)
            found += [(one, tries + i) for i in range(min(each - self.accepted[one.feature], TRIES * each - tries))]
        return found

    @property
    def done(self) -> int:
        """Candidates accepted, of each feature at most as many as are wanted."""
        return sum(min(self.accepted[one.feature], self.task.each) for one in self.task.wanted)

    def told(self) -> str:
        """What came of it, in a sentence."""
        rejected, failed = (sum(c[one.feature] for one in self.task.wanted) for c in (self.rejected, self.failed))
        why = f" since the {NOUNS[self.task.spec.lens]} did not fire in them or they repeat others" if rejected else ""
        told = f"{self.done:,} of {many(self.task.total, 'candidate')} accepted, {rejected:,} rejected{why}."
        return told + (f" {many(failed, 'request')} brought none, the last one since {self.problem}." if failed else "")


def write_candidates(task: Task, endpoint: Endpoint, read: Reader, path: Path) -> Iterator[Reached]:
    """Have candidates written until each feature has enough, or has been tried TRIES times as often; after each reply
    how far it is. What is in the files at `path` counts, and each candidate is added to one of them at once.

    Raises ModelError if the endpoint cannot be reached or refuses what every request needs, DataError and DiskError of
    the files.
    """
    reached, failures = earlier(task, path), Failures(endpoint)
    yield reached
    with ThreadPoolExecutor(endpoint.workers) as pool, endpoint.client() as client:

        def ask(request: Messages) -> tuple[str, str]:
            return parsed_candidate(endpoint.ask(client, request))

        try:
            while todo := reached.todo():
                requests = [task.prompt(one, nth, reached.prompts.get(one.feature, ())) for one, nth in todo]
                futures = [pool.submit(ask, request) for request in requests]
                for (one, _), future in zip(todo, futures, strict=True):
                    take(reached, one, future, failures, read, path)
                    yield reached
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def earlier(task: Task, path: Path) -> Reached:
    """How far earlier runs came; what was accepted at a lower θ, and does not fire at this one, is not done."""
    reached = Reached(task)
    for record in read_candidates(path):
        reached.note(record, reached.fits(record))
    for record in read_candidates(rejected_file(path)):
        reached.note(record, False)
    return reached


def take(
    reached: Reached, one: Wanted, future: Future[tuple[str, str]], failures: Failures, read: Reader, path: Path
) -> None:
    """Check one reply with the model, and keep the candidate in its file; a reply that is none is counted."""
    from openai import OpenAIError

    try:
        prompt, answer = future.result()
        failures.answered()
    except (MalformedAnswer, OpenAIError) as error:
        reached.problem = str(error) if isinstance(error, MalformedAnswer) else failures.told(error)
        reached.failed[one.feature] += 1
        return
    sample = Sample(0, (Message("user", prompt), Message("assistant", answer)), None)
    record = record_of(reached.task, one, sample, read(sample).get(one.feature, 0.0), failures.endpoint.model)
    fits = reached.fits(record)
    append(path if fits else rejected_file(path), record)
    reached.note(record, fits)


def record_of(task: Task, one: Wanted, sample: Sample, value: float, model: str) -> dict[str, Any]:
    """A candidate as it is kept: turns that any trainer reads, marked as synthetic, and what it was written for."""
    spec = task.spec
    return {
        "messages": [{"role": turn.role, "content": turn.content} for turn in sample.messages],
        "synthetic": True, "source": "synthetic", "lens": spec.lens, "scope": spec.scope, "feature": one.feature,
        "name": one.name, "value": value, "theta": spec.theta, "against": task.reference, "model": model,
        "date": now(),
    }  # fmt: skip
