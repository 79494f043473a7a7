"""The API: what the page does, for programs. Docstrings are what a client reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr

from vaegen.app.page import MODEL
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import START, Point
from vaegen.app.questions.sample import Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service
from vaegen.errors import VaegenError


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
        avoid: bool = True,
        beta: float | None = None,
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
        return _or_error(lambda: asdict(service.ask(request)))

    def other_ways(
        text: str,
        language: str,
        source_language: str = "",
        context: str = "source",
        n_draws: int = 8,
        seed: int = 0,
        checkpoint: str = "",
        beta: float | None = None,
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
        return _or_error(lambda: [asdict(one) for one in service.ask(OtherWays(request, language, n_draws, seed)).variants])

    def translate_lines(
        lines: list[str],
        language: str,
        context: str = "source",
        num_beams: int = 1,
        checkpoint: str = "",
        beta: float | None = None,
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
        return _or_error(lambda: list(service.ask(question).lines))

    def attention(
        text: str,
        language: str,
        source_language: str = "",
        context: str = "source",
        target: str = "",
        merge: bool = True,
        without: int = -1,
        how: str = "drop",
        checkpoint: str = "",
        beta: float | None = None,
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

        return _or_error(answer)

    def walk(
        a: str,
        b: str,
        steps: int = 7,
        method: str = "slerp",
        languages: str = "en,de,fr,cs",
        checkpoint: str = "",
        exact: bool = True,
        beta: float | None = None,
    ) -> dict:
        """Walk through the latent space from one sentence to another and read every step in several languages.

        Args:
            a: Where to start: a sentence, or "z:" and a latent that another endpoint gave.
            b: Where to end, likewise.
            steps: Latents on the way, both ends included; 3 to 15.
            method: "slerp" (along the arc) or "lerp" (along the straight line).
            languages: Codes of the output languages, with commas between them.
            checkpoint: As in `translate`.
            exact: Whether the ends are refined until they read back as they were given.
            beta: As in `translate`.

        Returns:
            `stops`: for each step its latent `z`, its `texts` by language and `xy`, its place in the plane of the origin, a
            and b; `smoothness` by language (1 has no detour); `python`: the calls that reproduce it.
        """
        codes = tuple(languages.replace(" ", "").split(","))
        question = Walk(_place(a), _place(b), checkpoint, steps, method, codes, exact, beta)
        return _or_error(lambda: asdict(service.ask(question)))

    def grid(
        a: str,
        b: str,
        c: str,
        d: str,
        size: int = 5,
        language: str = "en",
        checkpoint: str = "",
        beta: float | None = None,
    ) -> dict:
        """Mix four sentences: read the latents on a square that has them in its corners.

        Args:
            a: Top left: a sentence, or "z:" and a latent, as the three others.
            b: Top right.
            c: Bottom left.
            d: Bottom right.
            size: Sentences on a side, 3 to 7.
            language: Language of the output: a code of the checkpoint, such as "en" or "de".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `texts` and their latents `zs`, row by row, and `python`.
        """
        question = Grid(_place(a), _place(b), _place(c), _place(d), checkpoint, size, language, beta)
        return _or_error(lambda: asdict(service.ask(question)))

    def analogy(
        a: str,
        b: str,
        c: str,
        strength: float = 1.0,
        languages: str = "en,de,fr,cs",
        checkpoint: str = "",
        beta: float | None = None,
    ) -> dict:
        """Find what is to A as C is to B: decode A + strength (C - B).

        Args:
            a: A sentence, or "z:" and a latent, as the two others.
            b: The sentence that lacks the difference.
            c: The sentence that has it.
            strength: How much of the difference to add, -3 to 3; 1 is A - B + C.
            languages: Codes of the output languages, with commas between them.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `texts` by language, the latent `z`, its `cosines` to A, B and C, and `python`.
        """
        codes = tuple(languages.replace(" ", "").split(","))
        question = Analogy(_place(a), _place(b), _place(c), checkpoint, strength, codes, beta)
        return _or_error(lambda: asdict(service.ask(question)))

    def cloud(
        a: str,
        unit: str = "posterior",
        n_draws: int = 8,
        seed: int = 0,
        language: str = "en",
        checkpoint: str = "",
        beta: float | None = None,
    ) -> dict:
        """Add noise of growing radius to a sentence's latent and see how far it still reads the same.

        Args:
            a: A sentence, or "z:" and a latent (the prior's unit only).
            unit: Of the radius: "posterior" (each dimension's standard deviation) or "prior" (1 in every dimension).
            n_draws: Draws at each radius, 2 to 16.
            seed: The same seed gives the same draws.
            language: Language of the output: a code of the checkpoint, such as "en" or "de".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `center`, what the middle reads; `rings`: for each `radius` the share that reads the `same` and all `wordings`.
        """
        question = Cloud(_place(a), checkpoint, unit, n_draws, seed, language, beta)
        return _or_error(lambda: asdict(service.ask(question)))

    def sample(
        text: str = "",
        seed: int = 0,
        prior_scale: float = 1.0,
        moves: str = "",
        slots: str = "",
        other: str = "",
        languages: str = "en,de,fr,cs",
        temperature: float = 0.0,
        checkpoint: str = "",
        prior: str = "normal",
        kept: int = 0,
        beta: float | None = None,
    ) -> dict:
        """Decode a latent that is drawn from a prior or a sentence's, moved along named directions, slot by slot.

        Args:
            text: Where to start: a sentence, or "z:" and a latent; empty: a draw from a prior.
            seed: Of the draw, and of the words if they are sampled.
            prior_scale: Multiplies the prior's noise.
            moves: Standard deviations by direction, as in "0:2,3:-1.5"; `directions` of an answer lists them by number.
            slots: One letter for each slot: "." free, "l" locked, "m" muted (0), "b" taken from `other`.
            other: The sentence, or "z:" and the latent, that slots are taken from.
            languages: Codes of the output languages, with commas between them.
            temperature: 0 decodes greedily, above it tokens are sampled.
            checkpoint: As in `translate`.
            prior: "normal", or one that was fitted: "gaussian", "mixture", "flow" or "jitter".
            kept: Only this many slots, the first ones, speak; 0: all.
            beta: As in `translate`.

        Returns:
            `texts` by language, the latent `z`, `directions` with their measured effects, and `python`.
        """
        pairs = tuple(tuple(move.split(":")) for move in moves.replace(" ", "").split(",") if move)
        start, codes = "sentence" if text else "prior", tuple(languages.replace(" ", "").split(","))
        a, b = _place(text) if text else START[0], _place(other) if other else START[1]
        how = (start, seed, prior_scale, pairs, slots, codes, temperature, prior, kept, beta)
        question = Move(a, b, checkpoint, *how)  # type: ignore[arg-type]
        return _or_error(lambda: asdict(service.ask(question)))

    def inside(text: str, language: str = "en", checkpoint: str = "", beta: float | None = None) -> dict:
        """Look at what the VAE does with a sentence: posterior, KL, the bound, and what each latent slot carries.

        Args:
            text: The sentence.
            language: Language to read the slots in: a code of the checkpoint, such as "en".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `mu`, `std`, `kl_per_dim` slot by slot with their `shape`, `kl_per_slot`, `kl`, `recon`, `neg_elbo` in nats,
            `active` dimensions, `whole` and `without` (the sentence read with all slots, and without each), `checkpoint`
            (training, curves, measured figures) and `python`.
        """
        return _or_error(lambda: asdict(service.ask(Inside(Point(text), checkpoint, language, beta))))

    def map_(
        x: float = 0.0,
        y: float = 0.0,
        projection: str = "umap2",
        a: str = "",
        off_plane: str = "mean",
        neighbours: int = 8,
        checkpoint: str = "",
        beta: float | None = None,
    ) -> dict:
        """Read what lives at a place of the 2-D map of the latent space, or where a sentence lies on it.

        Args:
            x: Coordinate of the place.
            y: Its other coordinate.
            projection: "umap2" (an empty place is the mean of the nearest latents) or "pca2" (exact).
            a: A sentence, or "z:" and a latent, to look at instead of a place.
            off_plane: For "pca2": "mean", or "a" to look at the place with all other dimensions as `a` has them.
            neighbours: Nearest points of the map to return, 1 to 50.
            checkpoint: As in `translate`.
            beta: As in `translate`, of `a`; the map is of the recommended rate.

        Returns:
            `texts` by language, the latent `z`, `where` it lies by projection, the `distance` to the nearest point in
            units of the usual spacing, `neighbours` (`index` on the map, `cosine`), and `python`.
        """
        at = () if a and off_plane != "a" else (x, y)
        first = _place(a) if a else START[0]
        question = Spot(first, START[1], checkpoint, projection, at=at, off_plane=off_plane, k=neighbours, beta=beta)
        return _or_error(lambda: asdict(service.ask(question)))

    def place(
        lines: list[str],
        fit: bool = False,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        checkpoint: str = "",
        beta: float | None = None,
    ) -> dict:
        """Place sentences on the map of the latent space, or fit a UMAP of them alone.

        Args:
            lines: Up to 2,000 sentences, in any language of the checkpoint; 10 or more for a map of their own.
            fit: Fit a map of their own; this takes half a minute or more.
            n_neighbors: UMAP's, 2 to 100; only with `fit`.
            min_dist: UMAP's, 0 to 0.99; only with `fit`.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `where`: by projection, the coordinates of each sentence; `languages` as detected; `nearest` point of the map
            and its `cosines`; with `fit`, `about`: the parameters.
        """
        question = Place(tuple(lines), checkpoint, fit, n_neighbors, min_dist, beta)
        return _or_error(lambda: asdict(service.ask(question)))

    gr.api(map_, api_name="map", **MODEL)
    gr.api(place, api_name="place", **MODEL)
    gr.api(inside, api_name="inside", **MODEL)
    gr.api(sample, api_name="sample", **MODEL)
    gr.api(walk, api_name="walk", **MODEL)
    gr.api(grid, api_name="grid", **MODEL)
    gr.api(analogy, api_name="analogy", **MODEL)
    gr.api(cloud, api_name="cloud", **MODEL)
    gr.api(translate, api_name="translate", **MODEL)
    gr.api(translate_lines, api_name="translate_lines", **MODEL)
    gr.api(other_ways, api_name="other_ways", **MODEL)
    gr.api(attention, api_name="attention", **MODEL)


def _place(text: str) -> Point:
    """The point that a caller means: a sentence, or "z:" and a packed latent."""
    return Point(z=text[2:]) if text.startswith("z:") else Point(text)


def _or_error(job: Callable[[], Any]) -> Any:
    """What the job gives; a refusal reaches the caller as its sentence, without a trace in the log."""
    try:
        return job()
    except VaegenError as error:
        raise gr.Error(str(error), print_exception=False) from error
