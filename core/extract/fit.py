"""Whether a model, an SAE and a request fit together, told from their files before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import ModelError
from core.lm.facts import ModelFacts, model_facts
from core.lm.language_model import layers_needed, middle_of
from core.lm.names import known_as
from core.sae.autoencoder import check_width
from core.sae.facts import SAEFacts, sae_facts
from core.sae.releases import bases
from core.schema import ExtractConfig
from core.topics.shipped import shipped_topics


@dataclass(frozen=True)
class Fit:
    """The parts, what keeps them from working together, and what else there is to know; a sentence each."""

    model: ModelFacts
    sae: SAEFacts | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def fit(config: ExtractConfig) -> Fit:
    """What can be told of a request from the files of its model and SAE alone, in milliseconds."""
    model, sae = model_facts(config.model), sae_facts(config.sae) if config.sae else None
    found = [model.problem, sae.problem if sae else ""]
    if not any(found):
        try:
            check_parts(config, model, sae)
        except ModelError as error:
            found = [str(error)]
    problems = tuple(filter(None, found))
    return Fit(model, sae, problems, () if problems else tuple(notes(config, model, sae)))


def check_parts(config: ExtractConfig, model: ModelFacts, sae: SAEFacts | None) -> None:
    """Raise ModelError if the SAE's width or the hook point are not the model's, as far as they are known."""
    hook_point = config.hook_point or (sae.hook_point if sae else "")
    if sae and not hook_point:
        raise ModelError(f"{sae.source} does not say which hook point it was trained on: give one.")
    if hook_point and model.n_layers:
        layers_needed(hook_point, model.n_layers)
    if sae and sae.d_in and model.d_model:
        check_width(sae.d_in, model.d_model, known_as(model.name))


def notes(config: ExtractConfig, model: ModelFacts, sae: SAEFacts | None) -> Iterator[str]:
    """What to know of parts that fit."""
    if model.note:
        yield model.note
    if sae and sae.model and not related(sae.model, model.name):
        yield (
            f"The SAE was trained on {known_as(sae.model)}, the model is {known_as(model.name)}: its features mean "
            "what they are said to only if one was made from the other."
        )
    if 0 < model.context < config.max_tokens:
        yield f"The model takes at most {model.context:,} tokens at a time; {config.max_tokens:,} are asked for."
    yield from topics_note(config, model, sae)


def related(trained_on: str, model: str) -> bool:
    """Whether two names are of one model, or of a fine-tuned one and its base."""
    one, other = known_as(trained_on), known_as(model)
    return one == other or bool(({one} | bases(one)) & ({other} | bases(other)))


def topics_note(config: ExtractConfig, model: ModelFacts, sae: SAEFacts | None) -> Iterator[str]:
    """Where the topics come from, where that can be told."""
    if config.topics or config.vectors or not model.n_layers:
        return
    hook_point = config.hook_point or (sae.hook_point if sae else middle_of(model.n_layers))
    if folder := shipped_topics(model.name, hook_point, model.d_model):
        yield f"Topics: those of {folder.name}, which come with SAElect for this model; they have names already."
    else:
        yield "Topics: learnt from this data while the store is made, and named by the words that set them apart."
