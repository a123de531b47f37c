"""Fine-tune a language model on samples: trl's SFTTrainer, peft's LoRA, loss on the responses only.

trl and peft are in requirements-train.txt: everything else runs without them.
"""

from __future__ import annotations

import gc
import importlib.util
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError, SelectionError
from core.lm.chat import TEMPLATE_TOKEN, TokenizedSample, tokenize
from core.lm.language_model import LanguageModel
from core.lm.losses import head_logits
from core.lm.sources import LOAD_ERRORS, load_lm, one_line, resolve_device, resolve_dtype
from core.schema import SEGMENTS, Sample
from core.settings import check, setting

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerFast, TrainerCallback
    from trl import SFTTrainer

SHORT = 256  # tokens
IGNORED = -100  # the label of a token without loss
RESPONSE = SEGMENTS.index("response")

OnStep = Callable[[int, int], None]  # optimizer steps done, of how many


@dataclass(frozen=True)
class TrainConfig:
    """How to fine-tune, by LoRA (arXiv 2106.09685) or all weights."""

    rank: int = setting(16, "Of the LoRA matrices; 0 trains all weights.", low=0)
    learning_rate: float = setting(5e-4, "Learning rate.", low=0, high=1, between=True)
    epochs: int = setting(1, "Passes over the samples.", low=1)
    batch: int = setting(8, "Samples a step.", low=1)
    max_tokens: int = setting(512, "Longer samples are cut, in training and measuring.", low=8)
    seed: int = 0

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Trained:
    """A fine-tuned model, and what it took: tokens read, those among them with loss, seconds, mean loss in nats."""

    lm: LanguageModel
    tokens: int
    trained_tokens: int
    seconds: float
    loss: float


def require_training() -> None:
    """Raise ModelError, with what to install, unless trl and peft are there."""
    missing = [name for name in ("trl", "peft") if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(
            f"Fine-tuning needs {' and '.join(missing)}: pip install -r requirements-train.txt in this environment."
        )


def load_trainable(source: str, config: TrainConfig, device: str = "auto") -> LanguageModel:
    """The model as fine-tuning wants it: under LoRA in bfloat16 where that is faster, else in float32.

    On a processor the gradient of PyTorch's fused attention costs a sixth of a step more than that of the plain one,
    whose memory grows with the square of the length: for short samples only.
    """
    device = resolve_device(device)
    dtype = resolve_dtype("auto", device) if config.rank else "float32"
    gc.collect()  # trained models refer to themselves: an earlier one would stay beside this
    lm = load_lm(source, device, "float32" if dtype == "float16" else dtype)
    if device == "cpu" and config.max_tokens <= SHORT:
        lm.model.set_attn_implementation("eager")
    return lm


def labels(item: TokenizedSample) -> np.ndarray:
    """What each token should be predicted as, int64 (T,): itself in a response and in what closes it, else IGNORED."""
    own = item.segment == RESPONSE
    closing = np.append(False, own[:-1]) & (item.segment == TEMPLATE_TOKEN)
    return np.where(own | closing, item.ids, IGNORED).astype(np.int64)


def fine_tune(
    lm: LanguageModel,
    samples: Sequence[Sample],
    config: TrainConfig,
    folder: Path,
    start: Path | None = None,
    on_step: OnStep = lambda done, total: None,
) -> Trained:
    """Train on `samples` and write adapter or weights to `folder`, which is there only if all went well.

    `lm` is changed: load it anew for another run. `start`: such a folder of an earlier run to go on from. Checkpoints
    beside the folder let a run that was killed go on; its seconds and loss are then those of both parts. Raises
    ModelError without trl or peft, SelectionError if no sample has a response within max_tokens.
    """
    require_training()
    items = [item for item in tokenize(list(samples), lm.tokenizer, config.max_tokens) if (labels(item) >= 0).any()]
    if not items:
        raise SelectionError(f"None of the {len(samples)} samples has a response token to train on.")
    work, told = folder.with_name(f".{folder.name}.training"), reporting(on_step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what the libraries call each other by
        model = with_adapter(lm.model, config, start)
        trainer = make_trainer(model, lm.tokenizer, items, config, work, told)
        trainer.train(resume_from_checkpoint=last_checkpoint(work))
    steps = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    model.save_pretrained(str(work / "finished"), safe_serialization=True)
    shutil.rmtree(folder, ignore_errors=True)
    (work / "finished").replace(folder)
    shutil.rmtree(work, ignore_errors=True)
    tokens, scored = (config.epochs * sum(map(count, items)) for count in (lambda i: len(i.ids), n_scored))
    return Trained(tuned(lm, model), tokens, scored, time.time() - told.begun, float(np.mean(steps)))


def last_checkpoint(work: Path) -> str | None:
    """The newest whole checkpoint: the trainer's state is the last that is written of one."""
    found = max(work.glob("checkpoint-*/trainer_state.json"), key=lambda path: path.stat().st_mtime_ns, default=None)
    return str(found.parent) if found else None


def n_scored(item: TokenizedSample) -> int:
    """Tokens with loss; the first of a text has none, as nothing predicts it."""
    return int((labels(item)[1:] >= 0).sum())


def with_adapter(model: PreTrainedModel, config: TrainConfig, start: Path | None) -> PreTrainedModel | PeftModel:
    """The model with LoRA matrices beside all its linear layers, new or from `start`; or itself for full training."""
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import set_seed

    set_seed(config.seed)
    if not config.rank:
        if start:
            model.load_state_dict(type(model).from_pretrained(start, use_safetensors=True).state_dict())
        return model
    if start:
        return PeftModel.from_pretrained(model, start, is_trainable=True, use_safetensors=True)
    lora = LoraConfig(r=config.rank, lora_alpha=2 * config.rank, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, lora)


def tuned(lm: LanguageModel, model: PreTrainedModel | PeftModel) -> LanguageModel:
    """`lm` with the trained model, in the shape and dtype that scoring and generation expect: LoRA's matrices, trained
    in float32 but multiplied in the model's dtype, are rounded to it."""
    import torch

    return replace(lm, model=tuned_model(model).to(getattr(torch, lm.dtype)).eval())


def tuned_model(model: Any) -> PreTrainedModel:
    """The causal LM inside peft's wrapper, LoRA layers in place, without the trainer's autocast."""
    from accelerate.utils import extract_model_from_parallel

    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    return extract_model_from_parallel(plain, keep_fp32_wrapper=False)


def load_tuned(source: str, folder: Path, config: TrainConfig, device: str = "auto") -> LanguageModel:
    """The model `source` with what `fine_tune` wrote to `folder`; raises ModelError if that cannot be loaded."""
    require_training()
    lm = load_trainable(source, config, device)
    try:
        return tuned(lm, with_adapter(lm.model, config, folder))
    except LOAD_ERRORS as error:
        raise ModelError(f"{folder} holds no adapter for {source}: {one_line(error)}") from error


def make_trainer(
    model: PreTrainedModel | PeftModel,
    tokenizer: PreTrainedTokenizerFast,
    items: Sequence[TokenizedSample],
    config: TrainConfig,
    work: Path,
    told: TrainerCallback,
) -> SFTTrainer:
    """trl's SFTTrainer over tokenized samples with their labels; batches of samples of like length waste no padding."""
    import torch
    from datasets import Dataset
    from datasets.utils.logging import disable_progress_bar
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    disable_progress_bar()
    data = Dataset.from_list([{"input_ids": i.ids.tolist(), "labels": labels(i).tolist()} for i in items])
    device = next(model.parameters()).device.type
    native = resolve_dtype("auto", device) == "bfloat16"
    arguments = SFTConfig(
        output_dir=str(work),
        per_device_train_batch_size=config.batch,
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        weight_decay=0.0,
        max_length=config.max_tokens,
        train_sampling_strategy="group_by_length",
        seed=config.seed,
        bf16=native,
        use_cpu=device == "cpu",
        gradient_checkpointing=device != "cpu",
        save_strategy="steps",
        save_steps=0.1,  # of all
        save_total_limit=1,
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    trainer = (on_cpu(SFTTrainer) if device == "cpu" else SFTTrainer)(
        model, args=arguments, train_dataset=data, processing_class=tokenizer, callbacks=[told]
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def on_cpu(trainer: type) -> type:
    """trl's trainer with a loss that looks at the tokens with labels only.

    Without Triton trl's own computes log-probabilities, entropy and more for every token, padding included: over half
    of a step on a processor, where the vocabulary is large.
    """
    import torch
    import torch.nn.functional as F

    class OnCpu(trainer):
        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            plain, labels = tuned_model(model), inputs["labels"][:, 1:]
            with torch.autocast("cpu", torch.bfloat16, enabled=self.args.bf16):
                read = plain.base_model(inputs["input_ids"], use_cache=False)  # padding comes last: no one looks at it
                logits = head_logits(plain, read.last_hidden_state[:, :-1][labels >= 0])
            return F.cross_entropy(logits.float(), labels[labels >= 0])

    return OnCpu


def reporting(on_step: OnStep) -> Any:
    """A callback that tells of every optimizer step, and lets a run that was killed go on as it would have.

    `begun` is when training would have begun without interruptions: the time is kept in the trainer's history, which
    checkpoints hold.
    """
    import torch
    from transformers import TrainerCallback

    class Reporting(TrainerCallback):
        begun = time.time()

        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self.begun -= state.log_history[-1]["seconds"] if state.log_history else 0

        def on_epoch_begin(
            self, args: Any, state: Any, control: Any, train_dataloader: Any = None, **others: Any
        ) -> None:
            if epoch := int(state.epoch or 0):  # else its order would hang on where in it the run was killed
                own = torch.Generator().manual_seed(args.seed + epoch)
                train_dataloader.batch_sampler.sampler.generator = own

        def on_log(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            state.log_history[-1]["seconds"] = time.time() - self.begun

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            on_step(state.global_step, state.max_steps)

    return Reporting()
