"""A random model, random SAEs and random conversations: everything that extraction reads, small."""

import json
import random
from pathlib import Path

CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou help the user with code.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
)
TEXT = (
    "sort the list of numbers write a poem about sea and wind explain why sky is blue code in python returns answer "
    "user assistant system help with translate sentence into french find largest city cook rice for two people"
)
WORDS = TEXT.split()
HIDDEN, FEATURES = 32, 96


def chatml_tokenizer():
    """A byte-level BPE of a few hundred tokens with a ChatML template that adds a system prompt of its own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    bpe.train_from_iterator([TEXT] * 5, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=special[0], eos_token=special[1])
    fast.chat_template = CHATML
    return fast


def random_lm(kind: str, vocab_size: int, **options):
    """An untrained Transformers model, llama or gemma2 or gpt2: 2 blocks of 4 heads, unless `options` say otherwise."""
    from transformers import AutoConfig, AutoModelForCausalLM

    sizes = {"hidden_size": HIDDEN, "num_hidden_layers": 2, "num_attention_heads": 4}
    if kind != "gpt2":
        sizes |= {"intermediate_size": 64, "num_key_value_heads": 2, "head_dim": 8}
    config = AutoConfig.for_model(kind, vocab_size=vocab_size, **(sizes | options))
    return AutoModelForCausalLM.from_config(config)


def save_lm(tokenizer, folder: Path) -> None:
    """A random Llama of 4 blocks, 32 wide, and the tokenizer."""
    import torch

    torch.manual_seed(0)
    options = {"num_hidden_layers": 4, "max_position_embeddings": 512, "initializer_range": 0.2}
    random_lm("llama", len(tokenizer), **options).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_encoder(tokenizer, folder: Path, seed: int = 0) -> Path:
    """A random BERT of 2 blocks, 16 wide, and the tokenizer: a sentence encoder that says nothing of its pooling."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=48, initializer_range=0.5, **sizes)
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def random_sae(kind: str, **options):
    """An untrained sae-lens SAE with random weights: topk, abstopk, jumprelu, standard or gated."""
    import sae_lens
    import torch
    from sae_lens.saes.sae import SAEMetadata

    names = {"topk": "TopK", "abstopk": "AbsTopK", "jumprelu": "JumpReLU", "standard": "Standard", "gated": "Gated"}
    name = names[kind] + "SAE"
    metadata = SAEMetadata(model_name="tiny", hook_name=options.pop("hook_name", "blocks.1.hook_resid_post"))
    options = {"d_in": HIDDEN, "d_sae": FEATURES, **({"k": 6} if "topk" in kind else {}), **options}
    sae = getattr(sae_lens, name)(getattr(sae_lens, name + "Config")(metadata=metadata, **options))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for key, weight in sae.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * (0.2 if "W_" in key else 0.1))
            if key == "threshold":
                weight.abs_().add_(0.3)
    return sae


def write_data(path: Path, n: int) -> Path:
    """`n` conversations of random words with a score each; some of several turns, with system prompt or emoji."""
    rng = random.Random(0)

    def say(most: int) -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, most)))

    with path.open("w", encoding="utf-8") as out:
        for i in range(n):
            turns = [{"role": "user", "content": say(12)}, {"role": "assistant", "content": say(30)}]
            if i % 4 == 1:
                turns += [{"role": "user", "content": say(5) + " 🎉"}, {"role": "assistant", "content": say(9)}]
            if i % 5 == 2:
                turns.insert(0, {"role": "system", "content": say(6)})
            record = {"messages": turns, "source": f"part{i % 3}"} | ({"score": i / 2} if i % 7 else {})
            out.write(json.dumps(record) + "\n")
    return path


def tiny_config(folder: Path, sae: str = "topk"):
    """How the data, the model and an SAE in `folder` are extracted."""
    from core.schema import ExtractConfig

    return ExtractConfig(
        str(folder / "data.jsonl"), str(folder / "lm"), str(folder / sae), max_tokens=64, dtype="float32"
    )


def make_tiny(folder: Path) -> None:
    """Fill `folder`: data.jsonl (30 samples), lm, topk and jumprelu, and a finished store of each SAE."""
    from core.extract.run import extract

    write_data(folder / "data.jsonl", 30)
    save_lm(chatml_tokenizer(), folder / "lm")
    for kind in ("topk", "jumprelu"):
        random_sae(kind).save_model(folder / kind)
        (folder / f"{kind}-store").mkdir()
        extract(tiny_config(folder, kind), folder / f"{kind}-store")


def spare_umap(patch) -> None:
    """With a pytest MonkeyPatch: every map is its first two components, as that of less than five rows is."""
    from core.extract import projection

    patch.setattr(projection, "umap_2d", lambda x, seed: x[:, :2].astype("float32"))
