"""A place in the latent space and how it reads: what one view hands to another, and what a link carries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from vaegen.app.questions.checks import NO_SENTENCE, check_language, check_line
from vaegen.errors import VaegenError
from vaegen.latent.codes import MAX_CODE, unpack
from vaegen.text.tags import LANGUAGE_NAMES, language_of, tag_name, targets_for

Q = TypeVar("Q", bound=Any)  # a question with a point `a` and with `language` or `languages`
NO_SENTENCE_YET = "There is no sentence yet; type one, or take one from another view."


@dataclass(frozen=True)
class Point:
    """A latent and the sentence that stands for it.

    Attributes:
        text: The sentence.
        language: Its language; "" if nobody said.
        z: The latent as `codes.pack` writes it; "" for the mode of the posterior of `text`.
    """

    text: str = ""
    language: str = ""
    z: str = ""

    def checked(self) -> Point:
        """Returns the point with clean values.

        Raises:
            VaegenError: If it holds neither a sentence nor a latent, or one of them is refused.
        """
        text = check_line(self.text)
        # Nothing but the alphabet: the code also goes into the Python that people copy.
        if not isinstance(self.z, str) or len(self.z) > MAX_CODE or not re.fullmatch(r"[A-Za-z0-9_-]*", self.z):
            raise VaegenError("This latent is not one of vaegen's; copy it again, or start from a sentence.")
        if not text and not self.z:
            raise VaegenError(NO_SENTENCE, languages="a language of the checkpoint")
        return replace(self, text=text, language=check_language(self.language) if self.language else "")


# The sentences that the app starts with: A, the current one, and B, to walk to.
START = (
    Point("A dog runs through the snow.", "en"),
    Point("Two women are sitting on a bench and laughing.", "en"),
)


def point(data: Any) -> Point:
    """Returns the point that a page or a link describes.

    Raises:
        VaegenError: If it describes none.
    """
    if isinstance(data, Point):
        return data.checked()
    if not isinstance(data, Mapping):
        raise VaegenError(NO_SENTENCE_YET)
    return Point(**{key: str(data.get(key) or "") for key in ("text", "language", "z")}).checked()


def latent_of(model: Any, where: Point, beta: float | None = None) -> np.ndarray:
    """Returns the latent of a point, (M, Z) in float32: its own, or else the mode of its sentence's posterior at a rate."""
    if where.z:
        return unpack(where.z, model.latent_shape)
    return np.asarray(model.encode([where.text], beta=beta).mode[0].cpu(), np.float32)


def exact_latent_of(model: Any, where: Point, beta: float | None = None) -> np.ndarray:
    """Returns the latent of a point, (M, Z): its own, or else one that reads back as its sentence, if there is one."""
    if where.z:
        return latent_of(model, where)
    return model.exact([where.text], [where.language] if where.language else None, beta=beta)[0][0]


def source_language(model: Any, where: Point) -> str:
    """Returns the language of a point for a pipeline: as it is known, or else detected.

    Raises:
        VaegenError: If it is a sentence in a language that the model does not read.
    """
    if where.language in model.languages:
        return where.language
    if where.language and not where.z:
        known = ", ".join(map(tag_name, model.languages))
        raise VaegenError(
            "This checkpoint reads {known}, not {language}; take another sentence or another checkpoint.",
            known=known,
            language=tag_name(where.language),
        )
    return model.detect_language(where.text) if where.text else model.languages[0]


def at_rate(question: Q, model: Any) -> Q:
    """Returns a question without its rate where the checkpoint has no dial: it was chosen for another checkpoint."""
    return question if question.beta is None or model.rates else replace(question, beta=None)


def fitted(question: Q, model: Any) -> Q:
    """Returns a view's question with what the checkpoint has in place of the languages, or the rate, that it lacks.

    A view asks for the languages that were chosen for the checkpoint before; where one of them is missing, it gets all that
    this checkpoint can make of the sentence, and for a single one the first that is not the sentence's own.

    Raises:
        VaegenError: If it asks for a language that is neither the checkpoint's nor one of the app's.
    """
    question = at_rate(question, model)
    source = source_language(model, getattr(question, "a", Point()))
    there = targets_for(model.tags, source)
    for tag in question.languages if hasattr(question, "languages") else (question.language,):
        if language_of(tag) not in (*model.languages, *LANGUAGE_NAMES):
            raise VaegenError(
                "There is no language {tag}; this checkpoint has {tags}.", tag=repr(tag), tags=", ".join(model.tags)
            )
    if hasattr(question, "languages"):
        return question if set(question.languages) <= set(there) else replace(question, languages=there)
    language = question.language
    return question if language in there else replace(question, language=next((t for t in there if t != source), there[0]))


def python_start(checkpoint: str, *points: Point, imports: Sequence[str] = ()) -> list[str]:
    """Returns the first lines of "Copy as Python" for these points: imports, and the variable `pipeline`."""
    lines = ["import numpy", "", "import vaegen", *imports]
    if any(where.z for where in points):
        lines += ["from vaegen.latent.codes import unpack"]
    return [*lines, "", f'pipeline = vaegen.load("checkpoints/{checkpoint}", avoid=True)']


def python_rate(beta: float | None) -> str:
    """Returns the last argument of a call at a rate; nothing for the recommended one."""
    return "" if beta is None else f", beta={beta}"


def python_of(where: Point, name: str, exact: bool = False, beta: float | None = None) -> list[str]:
    """Returns the lines of Python that put a point's latent into the variable `name`, after `python_start`."""
    rate = python_rate(beta)
    if where.z:
        return [f'{name} = unpack("{where.z}", pipeline.latent_shape)  # {where.text}']
    if exact:
        languages = f", [{where.language!r}]" if where.language else ""
        return [f"{name} = pipeline.exact([{where.text!r}]{languages}{rate})[0][0]"]
    return [f"{name} = pipeline.encode([{where.text!r}]{rate}).mode[0].numpy()"]
