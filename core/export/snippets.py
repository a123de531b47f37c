"""How a trainer loads an exported file: a few lines to paste, for those trainers that read all of the form.

TRL: its "Dataset formats and types". axolotl: "Dataset formats", chat_template and alpaca. LLaMA-Factory:
data/README.md, where rows that do not alternate as it wants are skipped, so that `messages` is not offered to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOADERS = {"jsonl": "json", "json": "json", "parquet": "parquet", "csv": "csv"}  # as datasets and axolotl name them


@dataclass(frozen=True)
class Snippet:
    """Lines to paste; `language` is what to colour them as."""

    trainer: str
    language: str
    text: str


@dataclass(frozen=True)
class Exported:
    """What the lines depend on: the file's path and format, the form and the fields of its records."""

    path: str
    format: str
    to: str
    fields: Collection[str]


def datasets(file: Exported) -> str:
    """The Python line that loads a file."""
    load = f"load_dataset({_quoted(LOADERS[file.format])}, data_files={_quoted(file.path)}, split="
    return f'from datasets import load_dataset\n\ndata = {load}"train")\n'


def trl(file: Exported) -> str:
    """A run of TRL's SFTTrainer, which cuts at 1,024 tokens unless it is told not to."""
    learned = "# Learns the last response of each record.\n" if file.to == "prompt-completion" else ""
    return (
        datasets(file).replace("\n\n", "\nfrom trl import SFTConfig, SFTTrainer\n\n", 1)
        + learned
        + 'config = SFTConfig(output_dir="trained", max_length=None)  # None: no record is cut\n'
        + 'SFTTrainer("MODEL", args=config, train_dataset=data).train()\n'
    )


def axolotl(file: Exported) -> str:
    """The entry under `datasets` in axolotl's YAML."""
    lines = [f"- path: {_quoted(file.path)}", f"  ds_type: {LOADERS[file.format]}"]
    if file.to == "alpaca":
        lines += ["  type: alpaca"]
    else:
        name, role, content = {
            "messages": ("messages", "role", "content"),
            "sharegpt": ("conversations", "from", "value"),
        }[file.to]
        lines += ["  type: chat_template", f"  field_messages: {name}", "  message_property_mappings:"]
        lines += [f"    role: {role}", f"    content: {content}"]
        if file.to == "sharegpt":
            lines += ["  roles:", "    system: [system]", "    user: [human]", "    assistant: [gpt]"]
            lines += ["    tool: [observation]"]
        lines += ["  field_tools: tools"] if "tools" in file.fields else []
    return "\n".join(["datasets:", *(f"  {line}" for line in lines)]) + "\n"


def llama_factory(file: Exported) -> str:
    """The entry of LLaMA-Factory's dataset_info.json; the file lies beside it."""
    names = {"alpaca": {"prompt": "instruction", "query": "input", "response": "output"}}
    columns = names.get(file.to, {"messages": "conversations"})
    columns |= {name: name for name in ("system", "history", "tools") if name in file.fields}
    entry: dict[str, Any] = {"file_name": Path(file.path).name, "formatting": file.to, "columns": columns}
    return json.dumps({Path(file.path).stem: entry}, indent=2, ensure_ascii=False) + "\n"


Writer = tuple[str, str, Callable[[Exported], str]]
TRL: Writer = ("TRL", "python", trl)
AXOLOTL: Writer = ("axolotl", "yaml", axolotl)
LLAMA_FACTORY: Writer = ("LLaMA-Factory, dataset_info.json", "json", llama_factory)
TRAINERS: dict[str, tuple[Writer, ...]] = {
    "original": (("datasets", "python", datasets),),
    "messages": (TRL, AXOLOTL),
    "prompt-completion": (TRL,),
    "alpaca": (LLAMA_FACTORY, AXOLOTL),
    "sharegpt": (LLAMA_FACTORY, AXOLOTL),
}


def snippets(path: str, format: str, to: str, fields: Collection[str] = ()) -> list[Snippet]:
    """What loads the file at `path` that was written in a format and a form; `fields` are those of its records."""
    file = Exported(path, format, to, fields)
    unread = {"system", "history"} & set(fields) if to == "alpaca" else set()  # axolotl reads neither
    wanted = [each for each in TRAINERS[to] if not (unread and each is AXOLOTL)]
    return [Snippet(trainer, language, write(file)) for trainer, language, write in wanted]


def _quoted(text: str) -> str:
    """Text in double quotes, as Python, YAML and JSON read it alike."""
    return json.dumps(text, ensure_ascii=False)
