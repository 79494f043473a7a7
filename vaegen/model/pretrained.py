"""A pre-trained encoder of the BERT class below our own layers, from a folder or the Hugging Face Hub.

Its states of the words take the place of our source embedding; the layers of `TransformerEncoder` above them let the slots
read. It brings a tokenizer: source ids are then of another kind than target ids, and `SourceTokenizer` makes them. A
checkpoint keeps all of it (weights among its own, the rest in the folder `pretrained`), so it loads without a network.

`transformers` is imported where it is needed: it takes seconds, and most models do without.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError

FOLDER = "pretrained"  # inside a checkpoint: the encoder's own config and its tokenizer


class SourceTokenizer:
    """A pre-trained encoder's tokenizer as a source sees it: ids of words, and one that ends the sentence.

    Attributes:
        begin_ids: What the encoder expects before a sentence ("[CLS]"); it adds them itself.
        eos_id: What it expects behind one ("[SEP]").
        mask_id: Stands for a hidden word.
        max_length: Most ids of a sentence, without those around it.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        around = list(tokenizer("").input_ids)
        if not tokenizer.is_fast or not around or tokenizer.mask_token_id is None:
            raise VaegenError(
                "The tokenizer of {name} is not one of the BERT class: a fast one with a token that begins or ends a "
                "sentence and one that masks a word. Choose a model such as 'sentence-transformers/all-MiniLM-L6-v2'.",
                name=name,
            )
        self._tokenizer, self._base = tokenizer, tokenizer.backend_tokenizer
        self._base.no_truncation()
        self._base.no_padding()
        self._is_word_piece = type(self._base.model).__name__ == "WordPiece"
        *self.begin_ids, self.eos_id = around
        self.mask_id: int = tokenizer.mask_token_id
        self.max_length: int = tokenizer.model_max_length - len(around)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without those around it. Never on several threads: a forked loader may call it."""
        return self._base.encode(text, add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Returns the ids of many texts; as `encode`."""
        return [self.encode(text) for text in texts]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Returns what each token adds to the text, its space included; "" for a special one."""
        result = []
        for index in ids:
            token, text = self._base.id_to_token(index), self._base.decode([index], skip_special_tokens=True)
            if self._is_word_piece:
                text = text.removeprefix("##") if token.startswith("##") else text and " " + text
            elif token.startswith(("\u0120", "\u2581")):  # a space in byte-level BPE and in SentencePiece
                text = " " + text.strip()
            result.append(text)
        return result

    def same_as(self, other: SourceTokenizer | None) -> bool:
        """Whether another one gives the same ids."""
        return other is not None and self._base.to_str() == other._base.to_str()

    def save(self, folder: Path) -> None:
        """Writes the files of the tokenizer."""
        self._tokenizer.save_pretrained(folder)


class PretrainedWords(nn.Module):
    """The words of a sentence as a pre-trained encoder understands them, projected to our width.

    Args:
        config: Names the model, and says whether its weights stay as they are.

    Attributes:
        tokenizer: Makes its ids.
        max_length: Most tokens of a sentence without its end.

    Raises:
        VaegenError: If there is no such model, it has no weights, or it is of another class.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        own, self.model, tokenizer = _load(config.pretrained)
        self.tokenizer = SourceTokenizer(tokenizer, config.pretrained)
        positions = int(getattr(own, "max_position_embeddings", 512))
        if own.model_type in ("roberta", "xlm-roberta", "camembert"):
            positions -= own.pad_token_id + 1  # theirs start there
        self.max_length = min(self.tokenizer.max_length, positions - len(self.tokenizer.begin_ids) - 1)
        self.is_frozen = config.freeze_pretrained
        self.model.requires_grad_(not self.is_frozen)
        self.out = nn.Linear(own.hidden_size, config.width)

    def train(self, mode: bool = True) -> PretrainedWords:
        """Sets the mode; a frozen encoder never trains, so that its dropout stays off."""
        super().train(mode)
        self.model.train(mode and not self.is_frozen)
        return self

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Returns states (B, S, D) for the tokenizer's ids with the end (B, S); mask is bool (B, S), True = real."""
        n = len(self.tokenizer.begin_ids)
        begin = torch.tensor(self.tokenizer.begin_ids, dtype=ids.dtype, device=ids.device).expand(len(ids), n)
        with torch.no_grad() if self.is_frozen else nullcontext():
            states = self.model(
                input_ids=torch.cat((begin, ids), dim=1), attention_mask=F.pad(mask, (n, 0), value=True).long()
            ).last_hidden_state[:, n:]
        return self.out(states)

    def save(self, folder: Path) -> None:
        """Writes all but the weights: the config and the tokenizer."""
        self.model.config.save_pretrained(folder)
        self.tokenizer.save(folder)


def has_weights(name: str) -> bool:
    """Whether a folder holds weights that torch reads; a model on the Hub is taken to have some."""
    folder = Path(name).expanduser()
    return not folder.is_dir() or any(path.suffix in (".safetensors", ".bin") for path in folder.iterdir())


def _load(name: str) -> tuple[Any, Any, Any]:
    """The config, the model and the tokenizer. A checkpoint keeps the weights among its own, and puts them in afterwards."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    folder = Path(name).expanduser()
    where = str(folder) if folder.is_dir() else name
    try:
        config, tokenizer = AutoConfig.from_pretrained(where), AutoTokenizer.from_pretrained(where)
        if has_weights(name):
            model = AutoModel.from_pretrained(where, dtype=torch.float32)
        elif folder.name == FOLDER and (folder.parent / "config.json").is_file():
            model = AutoModel.from_config(config)
        else:
            raise FileNotFoundError("the folder has no weights (*.safetensors or *.bin).")
    except Exception as error:  # no network, no such model, a broken file: each layer below has its own class
        reason = str(error).strip().split("\n")[0]
        raise VaegenError(
            "The pre-trained encoder {name} cannot be read: {reason} Give a folder with config.json, tokenizer.json and "
            "weights, or the id of a model on the Hugging Face Hub.",
            name=repr(name),
            reason=reason,
        ) from error
    if getattr(config, "is_encoder_decoder", False) or not hasattr(config, "hidden_size"):
        raise VaegenError(
            "{name} is a {model_type} model; give an encoder of the BERT class.",
            name=repr(name),
            model_type=config.model_type,
        )
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # one vector for a sentence, which nothing here reads
    return config, model, tokenizer
