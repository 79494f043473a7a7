"""Endpoints: where the model looks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vaegen.app.endpoints.calls import add_endpoint, or_error
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.points import Point
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def attention(
        text: str,
        language: str,
        source_language: str = Point.language,
        context: str = Attending.context,
        target: str = Attending.target,
        merge: bool = Attending.merge,
        without: int = Attending.without,
        how: str = Attending.how,
        checkpoint: str = Attending.checkpoint,
        beta: float | None = Attending.beta,
    ) -> dict:
        """Show where the model looks while it translates a sentence, and what changes without one of its words.

        Args:
            text: The sentence, up to 80 sub-words.
            language: Language of the translation, a code of the checkpoint; its own goes through the latent alone.
            source_language: As in `translate`.
            context: As in `translate`.
            target: A translation for the model to read; empty: its own, by beam search.
            merge: Whether the sub-words of a word are merged: summed where they are looked at, averaged where they look.
            without: Index of a source word to take away, the first is 0; -1 takes none away.
            how: "drop" leaves that word out, "mask" puts the mask token in its place.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `n_slots`, `python`, `without` (the change, or null) and `side`: the words `source` and `target`, `entropy` of
            each layer and head in nats, and the weights `encoder`, `decoder` and `cross`, each a `shape` (layers, heads,
            queries, keys; slots before words) and `data`: base64 of little-endian 16-bit integers, 65,535 is 1. With
            NumPy: np.frombuffer(base64.b64decode(data), "<u2").reshape(shape) / 65535.
        """
        where = Point(text, source_language)
        question = Attending(where, None, checkpoint, language, context, target, merge, without, how, beta)

        def answer() -> dict[str, Any]:
            found = asdict(service.ask(question))
            return {"side": found["sides"][0], **{name: found[name] for name in ("n_slots", "without", "python", "seconds")}}

        return or_error(answer)

    add_endpoint(attention, "attention")
