"""Five tools for language models: text in, a small structured answer out. `vaegen.app.mcp_server` serves them.

A model reads the schemas with every conversation and each answer once, so both are short: no attention weights, no packed
latents, which only a program has a use for (`vaegen.app.endpoints`). What is out of range is refused by the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaegen.app.questions.attention import Attending, Side
from vaegen.app.questions.checks import check_checkpoint, check_sentence, check_whole
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.points import Point, latent_of
from vaegen.app.questions.sample import Draws
from vaegen.app.questions.translate import Request
from vaegen.app.service import Service
from vaegen.errors import VaegenError
from vaegen.latent.prior_kinds import PRIORS
from vaegen.text.tags import languages_of

INSTRUCTIONS = (
    "A small VAE-Transformer: an encoder turns a sentence into a Gaussian latent, a decoder turns the latent into text. It "
    "was trained on little, mostly captions and everyday sentences: short, plain sentences work best, and it is to be "
    "looked into, not relied on."
)
MAX_TEXT = 300  # characters; an answer holds up to four times as many
MAX_NEIGHBOURS, MAX_STEPS, MAX_DRAWS = 10, 9, 5
TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
Answer = dict[str, Any]


@dataclass(frozen=True)
class Tool:
    """A tool: `schema` is the JSON Schema of its arguments, `returns` that of its answer, `call` takes the arguments."""

    name: str
    description: str
    schema: dict[str, Any]
    returns: dict[str, Any]
    call: Callable[[dict[str, Any]], Answer]


def tools_of(service: Service) -> tuple[Tool, ...]:
    """Returns the tools for what the service starts with; their enums are its languages."""
    tags = service.tags()
    reads = ", ".join(languages_of(tags))
    language = {"type": "string", "enum": list(tags), "description": "Language to write."}
    sentence = TEXT | {"description": f"One short sentence, in any of: {reads}."}
    seed = {"type": "integer", "minimum": 0, "maximum": 999_000, "description": "The same seed gives the same answer."}
    beta = {
        "type": "number", "minimum": 0.003, "maximum": 1,
        "description": "How much the latent is compressed: 0.003 keeps all, 1 nothing. Leave out for the usual rate.",
    }  # fmt: skip
    texts = {"type": "array", "items": {"type": "string"}}
    return (
        Tool(
            "translate",
            "Translates one sentence into all languages of the model, or into those asked for. For each language: text, "
            "log_prob (natural logarithm of its probability; nearer to 0 is surer) and unsure (how likely it is wrong, "
            "or null). In the sentence's own language the text is its reconstruction from the latent alone.",
            _object(
                {
                    "text": sentence,
                    "languages": {
                        "type": "array", "items": {"enum": list(tags)}, "minItems": 1,
                        "description": "Languages to write; all if left out.",
                    },
                    "context": {
                        "enum": ["source", "latent"], "default": "source",
                        "description": "What the decoder sees: the latent and the words (better), or the latent alone.",
                    },
                    "beta": beta,
                },
                "text",
            ),
            _object({"source_language": {"type": "string"}, "translations": {"type": "object"}}, "translations"),
            lambda given: _translate(service, given),
        ),
        Tool(
            "sample",
            "Draws new sentences that nobody wrote: random latents, decoded. Gives texts, and the seed to draw them again.",
            _object(
                {
                    "language": language,
                    "n": {"type": "integer", "minimum": 1, "maximum": MAX_DRAWS, "default": 3, "description": "How many."},
                    "prior": {
                        "enum": list(PRIORS), "default": "normal",
                        "description": "Where latents are drawn: N(0, I), or a density fitted to real sentences' latents.",
                    },
                    "seed": seed | {"description": "Draws the same again; left out: new ones."},
                },
                "language",
            ),
            _object({"texts": texts, "seed": {"type": "integer"}}, "texts", "seed"),
            lambda given: _sample(service, given),
        ),
        Tool(
            "interpolate",
            "Walks from sentence a to sentence b through the latent space and decodes evenly spaced places of the way, ends "
            "included. Shows how meaning changes step by step.",
            _object(
                {
                    "a": sentence,
                    "b": sentence | {"description": "Where the walk ends."},
                    "language": language,
                    "steps": {
                        "type": "integer", "minimum": 3, "maximum": MAX_STEPS, "default": 5,
                        "description": "Sentences in all, ends included.",
                    },
                },
                "a", "b", "language",
            ),
            _object({"texts": texts}, "texts"),
            lambda given: _interpolate(service, given),
        ),
        Tool(
            "neighbours",
            "Finds the sentences on the model's map (some thousand captions and draws) whose latents are nearest to that of "
            "a sentence: what the model takes for similar. cosine 1 is the same direction.",
            _object(
                {
                    "text": sentence,
                    "k": {
                        "type": "integer", "minimum": 1, "maximum": MAX_NEIGHBOURS, "default": 5,
                        "description": "How many, nearest first.",
                    },
                },
                "text",
            ),
            _object({"neighbours": {"type": "array", "items": {"type": "object"}}}, "neighbours"),
            lambda given: _neighbours(service, given),
        ),
        Tool(
            "explain",
            "Translates a sentence and tells where each word of the translation comes from: the source word that its "
            "attention is strongest on, with its share of the attention on words, and on_latent, the share that went to the "
            "latent. Attention is no proof; with `without`, the translation is made again without that word, which comes "
            "nearer to one.",
            _object(
                {
                    "text": sentence,
                    "language": language,
                    "without": TEXT | {"maxLength": 40, "description": "A word of text to leave out."},
                },
                "text", "language",
            ),
            _object(
                {
                    "translation": {"type": "string"},
                    "words": {"type": "array", "items": {"type": "object"}},
                    "on_latent": {"type": "number"},
                    "without": {"type": "object"},
                },
                "translation",
                "words",
            ),
            lambda given: _explain(service, given),
        ),
    )


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _translate(service: Service, given: dict[str, Any]) -> Answer:
    question = Request(given["text"], context=given.get("context", Request.context), beta=given.get("beta"))
    answer = service.ask(question)
    wanted = given.get("languages") or [card.language for card in answer.cards]
    cards = {card.language: card for card in answer.cards if card.language in wanted}
    return {
        "source_language": answer.source_language,
        "translations": {
            tag: {"text": card.text, "log_prob": round(card.log_prob, 2), "unsure": _rounded(card.unsure)}
            for tag, card in cards.items()
        },
    }


def _sample(service: Service, given: dict[str, Any]) -> Answer:
    seed, language = given.get("seed", service.new_seed() // 2), given["language"]
    prior = given.get("prior", Draws.prior)
    found = service.ask(Draws(given.get("n", 3), seed, languages=(language,), prior=prior))
    return {"texts": [draw.texts[language] for draw in found.draws], "seed": seed}


def _interpolate(service: Service, given: dict[str, Any]) -> Answer:
    ends = (Point(given["a"]), Point(given["b"]))
    question = Walk(*ends, steps=given.get("steps", 5), languages=(given["language"],))
    answer = service.ask(question)
    return {"texts": [step.texts[given["language"]] for step in answer.stops]}


def _neighbours(service: Service, given: dict[str, Any]) -> Answer:
    found = service.ask(Near(given["text"], k=given.get("k", 5))).found
    return {"neighbours": [{"text": text, "language": language, "cosine": cosine} for text, language, cosine in found]}


def _explain(service: Service, given: dict[str, Any]) -> Answer:
    question = Attending(Point(given["text"]), language=given["language"])
    side = service.ask(question).sides[0]
    answer: Answer = {"translation": side.target_text, **_attended(side)}
    if not (word := given.get("without", "").strip().casefold()):
        return answer
    indices = [i for i, other in enumerate(side.source) if other.strip(" .,!?").casefold() == word]
    if not indices:
        said = "There is no word {word} in the text; it has {words}."
        raise VaegenError(said, word=repr(word), words=", ".join(word.strip() for word in side.source[:-1]))
    change = service.ask(Attending(Point(given["text"]), language=given["language"], without=indices[0])).without
    assert change is not None
    less = round(change.log_prob_before - change.log_prob_after, 2)
    left = {"text": change.text, "translation": "".join(change.after).strip(), "old_translation_less_probable_by": less}
    return answer | {"without": left}


def _attended(side: Side) -> Answer:
    """For each word of a translation the source word that it looks at most, by the mean over layers and heads."""
    weights = side.cross.array().mean((0, 1))[: len(side.target)]  # (T, K): slots, then words
    n_slots = weights.shape[1] - len(side.source)
    on_words, words = weights[:, max(n_slots, 0) :], []
    if n_slots < 0 or not on_words.size:  # through the latent alone: no word is looked at
        return {"words": [{"word": word} for word in side.target[:-1]], "on_latent": 1.0}
    for word, row in zip(side.target[:-1], on_words, strict=False):
        best = int(row[:-1].argmax()) if len(row) > 1 else 0
        words.append({"word": word, "from": side.source[best], "share": round(float(row[best] / max(row.sum(), 1e-9)), 2)})
    return {"words": words, "on_latent": round(float(np.mean(weights[:, :n_slots].sum(1))), 2)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


@dataclass(frozen=True)
class Near:
    """Asks for the sentences on the map whose latents are nearest to that of a sentence.

    Attributes:
        text: The sentence.
        checkpoint: Name of a checkpoint.
        k: How many.
    """

    text: str
    checkpoint: str = ""
    k: int = 5

    def checked(self, checkpoints: Sequence[str]) -> Near:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        k = check_whole("The number of neighbours", self.k, 1, MAX_NEIGHBOURS)
        return Near(check_sentence(self.text), check_checkpoint(self.checkpoint, checkpoints), k)

    def answers(self, model: Any) -> Iterator[NearAnswer]:
        """Yields them, once."""
        (near,) = model.map().nearest(latent_of(model, Point(self.text))[None], self.k)
        yield NearAnswer(tuple((one.text, one.language, round(one.cosine, 3)) for one in near))


@dataclass(frozen=True)
class NearAnswer:
    """The nearest sentences: text, language and cosine."""

    found: tuple[tuple[str, str, float], ...]
    seconds: float = 0.0
