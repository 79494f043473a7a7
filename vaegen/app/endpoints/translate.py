"""Endpoints: what Translate does, and a file line by line."""

from __future__ import annotations

from dataclasses import asdict

from vaegen.app.endpoints.calls import add_endpoint, or_error
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def translate(
        text: str,
        source_language: str = Request.source_language,
        context: str = Request.context,
        method: str = Request.method,
        num_beams: int = Request.num_beams,
        temperature: float = Request.temperature,
        top_k: int = Request.top_k,
        top_p: float = Request.top_p,
        seed: int = Request.seed,
        checkpoint: str = Request.checkpoint,
        avoid: bool = Request.avoid,
        beta: float | None = Request.beta,
    ) -> dict:
        """Translate one sentence into all languages of a checkpoint at once, through a latent space, or do its task.

        Args:
            text: The sentence, in any language of the checkpoint, up to 2,000 characters.
            source_language: A code of the checkpoint, such as "en"; empty detects it. It only says which output is
                the reconstruction.
            context: "source" (the decoder sees the latent and the words) or "latent" (the latent alone).
            method: "beam" or "sample".
            num_beams: Beam width from 1 (greedy) to 10; for beam.
            temperature: From 0.05 to 5; for sample, like the three below.
            top_k: Sample among this many tokens; 0 is all.
            top_p: Sample among the most probable tokens that hold this share of the probability.
            seed: The same seed gives the same sample.
            checkpoint: Name of a checkpoint that the app offers; empty is its first. `summaries` shortens,
                `dialogue` replies, `chinese` translates between English and Chinese.
            avoid: Whether the output is led around sensitive words, as that of all other endpoints is.
            beta: The rate, for a checkpoint with a dial: from 0.003 (the latent keeps everything) to 1 (it is empty);
                empty is the recommended one. A checkpoint without a dial has one rate, whatever is given.

        Returns:
            The request as understood, `source_language`, and `cards`: for each language its `text`, its
            `log_prob` in nats, `words` with their `probability` and `alternatives`, `avoided`: whether the model
            was led around a sensitive word, and `unsure`: the probability that it is wrong, or null. `doubt` has the
            `threshold` from which on an answer is called unsure, and sentences `known` to the checkpoint, or is null.
        """
        how = (context, method, num_beams, temperature, top_k, top_p, seed, avoid, beta)
        request = Request(text, checkpoint, source_language, *how)
        return or_error(lambda: asdict(service.ask(request)))

    def other_ways(
        text: str,
        language: str,
        source_language: str = Request.source_language,
        context: str = Request.context,
        n_draws: int = OtherWays.n_draws,
        seed: int = OtherWays.seed,
        checkpoint: str = Request.checkpoint,
        beta: float | None = Request.beta,
    ) -> list:
        """Say a sentence in other ways: decode several draws from its latent posterior in one language.

        Args:
            text: The sentence, in any language of the checkpoint.
            language: Language of the output: a code of the checkpoint, such as "en"; with the checkpoint `dialogue`,
                "en.reply" gives several replies to one turn, or to two with " | " between them.
            source_language: As in `translate`.
            context: As in `translate`; "latent" varies more.
            n_draws: Draws, 1 to 16.
            seed: The same seed gives the same draws.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            The wordings, commonest first, each with `text`, `n_draws` (how many draws gave it) and
            `log_prob` in nats.
        """
        request = Request(text, checkpoint, source_language, context, beta=beta)
        return or_error(lambda: [asdict(one) for one in service.ask(OtherWays(request, language, n_draws, seed)).variants])

    def translate_lines(
        lines: list[str],
        language: str,
        context: str = Lines.context,
        num_beams: int = Lines.num_beams,
        checkpoint: str = Lines.checkpoint,
        beta: float | None = Lines.beta,
    ) -> list[str]:
        """Translate many lines into one language, one line out for each line in.

        Args:
            lines: Up to 1,000 sentences, each in any language of the checkpoint; an empty one stays empty.
            language: Language of the output: a code of the checkpoint, such as "en" or "de".
            context: As in `translate`.
            num_beams: Beam width from 1 (greedy) to 5.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            The translations, in the order of the lines.
        """
        question = Lines(tuple(lines), language, context, num_beams, checkpoint, beta)
        return or_error(lambda: list(service.ask(question).lines))

    add_endpoint(translate, "translate")
    add_endpoint(other_ways, "other_ways")
    add_endpoint(translate_lines, "translate_lines")
