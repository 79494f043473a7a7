"""Text in and out of the model: the sub-word tokenizer, its special ids, and the language of a sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as BaseTokenizer

from vaegen.errors import VaegenError
from vaegen.writing import write_text

PAD, EOS, MASK = "<pad>", "</s>", "<mask>"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPACE = "\u2581"  # stands for a space inside a token, as in SentencePiece


class Tokenizer:
    """Byte-pair encoding over all languages; what it has never seen becomes UTF-8 bytes, never `<unk>`.

    Ids: 0 `<pad>`, 1 `</s>`, 2 `<mask>`, then one tag for each language, the 256 bytes, the learned pieces.
    `decode(encode(text))` is the NFC form of `text`, spaces included; only U+2581 comes back as a space.
    Special tokens typed by a person, as in "</s>" or "<en>", are plain text. Safe in several threads.
    """

    pad_id, eos_id, mask_id = 0, 1, 2

    def __init__(self, base: BaseTokenizer) -> None:
        special = {
            index: token.content for index, token in base.get_added_tokens_decoder().items() if token.special
        }
        if (
            [special.get(i) for i in range(3)] != [PAD, EOS, MASK]
            or any(base.token_to_id(byte) is None for byte in BYTES)
            or not _is_ours(base)
        ):
            raise VaegenError(
                "This tokenizer is not one of vaegen's: its first ids must be {pad} {eos} {mask}, and it must be byte-pair "
                "encoding with the 256 byte tokens. Train one with `vaegen tokenizer`.",
                pad=PAD,
                eos=EOS,
                mask=MASK,
            )
        base.encode_special_tokens = True  # not stored in the file: what a person types is never a special id
        # For `transformers`, which gives the model what it was trained on; we ask for no special tokens.
        base.post_processor = processors.TemplateProcessing(f"$A {EOS}", f"$A {EOS} $B {EOS}", [(EOS, self.eos_id)])
        self._base = base
        self.vocab_size: int = base.get_vocab_size(with_added_tokens=True)
        self.language_ids: dict[str, int] = {
            special[i].strip("<>"): i for i in sorted(special) if i > self.mask_id
        }
        self.languages: tuple[str, ...] = tuple(self.language_ids)
        self._special = frozenset(special)
        self._byte = {base.token_to_id(token): value for value, token in enumerate(BYTES)}

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies go through `__init__`: the library's own state forgets `encode_special_tokens`."""
        return type(self), (self._base,)

    @classmethod
    def train(cls, sentences: Iterable[str], vocab_size: int, languages: Sequence[str]) -> Tokenizer:
        """Returns a tokenizer of at most `vocab_size` entries, special tokens and bytes included.

        A character seen only once gets no entry of its own and is written as bytes; so are the rarest ones if
        the characters would take more than half of the vocabulary (think of Chinese).

        Args:
            sentences: Text of all languages, balanced as the vocabulary should be.
            vocab_size: Upper bound; fewer entries are learned from very little text.
            languages: Codes such as "en", or tags with a task such as "en.short"; each gets a token.
        """
        special = [PAD, EOS, MASK, *(f"<{language}>" for language in languages)]
        n_pieces = vocab_size - len(special) - len(BYTES)
        if n_pieces < 1:
            raise VaegenError(
                "vocab_size is {vocab_size}, but special tokens and bytes alone take {n}; give more.",
                vocab_size=vocab_size,
                n=len(special) + len(BYTES),
            )
        sentences = list(sentences)
        base = _untrained()
        counts: Counter[str] = Counter()
        for sentence in sentences:
            counts.update(base.normalizer.normalize_str(sentence))
        n_characters = sum(count > 1 for count in counts.values())
        trainer = trainers.BpeTrainer(
            vocab_size=n_pieces,
            min_frequency=2,
            limit_alphabet=max(1, min(n_characters, n_pieces // 2)),
            show_progress=False,
        )
        base.train_from_iterator(sentences, trainer)
        return cls(_with_bytes(base, special))

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Returns the tokenizer of a `tokenizer.json`.

        Raises:
            VaegenError: If there is no such file, or it is damaged or of another kind.
        """
        path = Path(path)
        if not path.is_file():
            raise VaegenError(
                "There is no tokenizer at {path}; check the path, or train one with `vaegen tokenizer`.", path=path
            )
        try:
            base = BaseTokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare `Exception`
            raise VaegenError(
                "{path} is not a readable tokenizer.json ({reason}); fetch or train it again.", path=path, reason=error
            ) from error
        try:
            return cls(base)
        except VaegenError as error:
            raise VaegenError("{path}: {reason}", path=path, reason=error) from error

    def save(self, path: str | Path) -> None:
        """Writes `tokenizer.json`; `transformers.PreTrainedTokenizerFast(tokenizer_file=…)` reads it too.

        Raises:
            VaegenError: If it cannot be written there.
        """
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            write_text(path, self._base.to_str(pretty=True))
        except Exception as error:  # the library raises plain ones
            raise VaegenError(
                "{path} cannot be written ({reason}); choose another place.", path=path, reason=error
            ) from error

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without tag or end token."""
        return self._base.encode(_storable(text), add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Returns the ids of many texts; as `encode`, on several threads."""
        encodings = self._base.encode_batch_fast(
            [_storable(text) for text in texts], add_special_tokens=False
        )
        return [encoding.ids for encoding in encodings]

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of some ids, without special ones; bytes that are no UTF-8 become U+FFFD."""
        return self._base.decode(list(ids), skip_special_tokens=True)

    def decode_batch(self, list_of_ids: Sequence[Sequence[int]]) -> list[str]:
        """Returns the texts of many sequences of ids; as `decode`."""
        return self._base.decode_batch([list(ids) for ids in list_of_ids], skip_special_tokens=True)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Returns what each token adds to the text: joined, `decode(ids)` with one space more in front.

        The space is missing where the model began within a word. Special ids add "". A character made of
        several bytes appears with its last byte.
        """
        result = [""] * len(ids)
        run: list[int] = []  # positions of neighbouring byte tokens
        for position, index in enumerate(ids):
            if index in self._special:
                continue
            if index in self._byte:
                run.append(position)
                continue
            self._put_bytes(result, run, ids)
            run = []
            result[position] = str(self._base.id_to_token(index)).replace(SPACE, " ")
        self._put_bytes(result, run, ids)
        return result

    @property
    def vocabulary(self) -> dict[str, int]:
        """Every entry with its id, in the order of the ids: special tokens, bytes, pieces (a space is U+2581)."""
        return dict(sorted(self._base.get_vocab(with_added_tokens=True).items(), key=lambda entry: entry[1]))

    def encode_piece(self, piece: str) -> list[int]:
        """Returns the ids of a piece of another vocabulary, which may begin within a word; [] for a special token."""
        if piece.startswith("<") and piece.endswith(">") and len(piece) > 2:
            return []
        # At the start of a text stands a SPACE of its own: take it off again where the piece has none.
        ids = self.encode(piece.removeprefix(SPACE).replace(SPACE, " "))
        if piece.startswith(SPACE):
            return ids
        inner = self.encode("." + piece)  # punctuation stands alone, so what follows it begins within a word
        return inner[len(self.encode(".")) :] or ids

    def language_id(self, language: str) -> int:
        """Returns the id of a language's tag, the decoder's first input token.

        Raises:
            VaegenError: If the tokenizer has no such language.
        """
        try:
            return self.language_ids[language]
        except KeyError:
            raise VaegenError(
                "There is no language {language} here; choose one of {languages}.",
                language=repr(language),
                languages=", ".join(self.languages),
            ) from None

    def _put_bytes(self, result: list[str], run: Sequence[int], ids: Sequence[int]) -> None:
        """Writes the characters of a run of byte tokens; as in `decode`, one broken byte makes all U+FFFD."""
        raw = bytes(self._byte[ids[position]] for position in run)
        try:
            characters = raw.decode()
        except UnicodeDecodeError:
            for position in run:
                result[position] = "\ufffd"
            return
        end = 0
        for character in characters:
            end += len(character.encode())
            result[run[end - 1]] = character


def _is_ours(base: BaseTokenizer) -> bool:
    """Whether it takes text apart as ours do: another's patterns may take for ever on some texts."""
    if type(base.model).__name__ != "BPE":
        return False
    own = _untrained()
    pairs = ((base.normalizer, own.normalizer), (base.pre_tokenizer, own.pre_tokenizer), (base.decoder, own.decoder))
    return all(one is not None and one.__getstate__() == other.__getstate__() for one, other in pairs)


def _untrained() -> BaseTokenizer:
    """The text processing around an empty BPE model.

    Every text begins with one more SPACE, which the decoder takes off again, so a word has the same pieces at
    the start as in the middle. Punctuation and digits stand alone: "<0x41>" or "</s>" typed by a person can
    never become one token.
    """
    base = BaseTokenizer(models.BPE())
    base.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
    )
    base.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="never", split=True),
            pre_tokenizers.Punctuation(behavior="isolated"),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    base.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return base


def _with_bytes(trained: BaseTokenizer, special: Sequence[str]) -> BaseTokenizer:
    """Returns the trained tokenizer with special tokens and bytes in front of its pieces.

    The trainer knows no byte fallback; as its special tokens, the bytes would be matched in typed text.
    """
    state = json.loads(trained.to_str())["model"]
    pieces = sorted(state["vocab"], key=state["vocab"].__getitem__)
    vocab = {token: index for index, token in enumerate(chain(special, BYTES, pieces))}
    base = _untrained()
    base.model = models.BPE(vocab, [tuple(merge) for merge in state["merges"]], byte_fallback=True)
    base.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return base


def _storable(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 can hold; they become "?"."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def detect_language(text: str, languages: Sequence[str]) -> str:
    """Returns which of some languages a text is most likely in; the first if nothing tells (digits, emoji).

    One word is often too little to tell. The first call loads a model: half a second, 100 MB.
    Source: py3langid, a naive-Bayes classifier on byte n-grams (Lui and Baldwin 2012, ACL P12-3005).
    """
    import py3langid  # here, because not every use of the tokenizer needs it

    scores = dict(py3langid.rank(text))  # of all its languages, without features equal for all
    return max(languages, key=lambda language: scores.get(language, float("-inf")))
