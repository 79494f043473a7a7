"""The API: what the page does, for programs. Docstrings are what a client reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr

from vaegen.app.page import MODEL
from vaegen.errors import VaegenError
from vaegen.service import Service
from vaegen.views.lines import Lines
from vaegen.views.translation import OtherWays, Request


def add_endpoints(service: Service) -> None:
    """Adds the endpoints to the page that is being built."""

    def translate(
        text: str,
        source_language: str = "",
        context: str = "source",
        method: str = "beam",
        num_beams: int = 5,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        seed: int = 0,
        checkpoint: str = "",
    ) -> dict:
        """Translate one sentence into English, German, French and Czech at once, through a latent space.

        Args:
            text: The sentence, in any of the four languages, up to 2,000 characters.
            source_language: "en", "de", "fr" or "cs"; empty detects it. It only says which output is the
                reconstruction.
            context: "source" (the decoder sees the latent and the words) or "latent" (the latent alone).
            method: "beam" or "sample".
            num_beams: Beam width from 1 (greedy) to 10; for beam.
            temperature: From 0.05 to 5; for sample, like the three below.
            top_k: Sample among this many tokens; 0 is all.
            top_p: Sample among the most probable tokens that hold this share of the probability.
            seed: The same seed gives the same sample.
            checkpoint: Name of a checkpoint that the app offers; empty is its first.

        Returns:
            The request as understood, `source_language`, and `cards`: for each language its `text`, its
            `log_prob` in nats, and `words` with their `probability` and `alternatives`.
        """
        request = Request(text, checkpoint, source_language, context, method, num_beams, temperature, top_k, top_p, seed)
        return _or_error(lambda: asdict(service.ask(request)))

    def other_ways(
        text: str,
        language: str,
        source_language: str = "",
        context: str = "source",
        n_draws: int = 8,
        seed: int = 0,
    ) -> list:
        """Say a sentence in other ways: decode several draws from its latent posterior in one language.

        Args:
            text: The sentence, in English, German, French or Czech.
            language: Language of the output: "en", "de", "fr" or "cs".
            source_language: As in `translate`.
            context: As in `translate`; "latent" varies more.
            n_draws: Draws, 1 to 16.
            seed: The same seed gives the same draws.

        Returns:
            The wordings, commonest first, each with `text`, `n_draws` (how many draws gave it) and
            `log_prob` in nats.
        """
        request = Request(text, source_language=source_language, context=context)
        return _or_error(lambda: [asdict(one) for one in service.ask(OtherWays(request, language, n_draws, seed)).variants])

    def translate_lines(
        lines: list[str], language: str, context: str = "source", num_beams: int = 1, checkpoint: str = ""
    ) -> list[str]:
        """Translate many lines into one language, one line out for each line in.

        Args:
            lines: Up to 1,000 sentences, each in English, German, French or Czech; an empty one stays empty.
            language: Language of the output: "en", "de", "fr" or "cs".
            context: As in `translate`.
            num_beams: Beam width from 1 (greedy) to 5.
            checkpoint: As in `translate`.

        Returns:
            The translations, in the order of the lines.
        """
        return _or_error(lambda: list(service.ask(Lines(tuple(lines), language, context, num_beams, checkpoint)).lines))

    gr.api(translate, api_name="translate", **MODEL)
    gr.api(translate_lines, api_name="translate_lines", **MODEL)
    gr.api(other_ways, api_name="other_ways", **MODEL)


def _or_error(job: Callable[[], Any]) -> Any:
    """What the job gives; a refusal reaches the caller as its sentence, without a trace in the log."""
    try:
        return job()
    except VaegenError as error:
        raise gr.Error(str(error), print_exception=False) from error
