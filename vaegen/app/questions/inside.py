"""What the VAE does with one sentence: its posterior, the bound, what each slot carries; and how its checkpoint learned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vaegen.app.questions.checks import check_beta, check_checkpoint, check_tag
from vaegen.app.questions.points import Point, fitted, point, python_rate, python_start
from vaegen.errors import VaegenError
from vaegen.model.companions import companion

N_DRAWS = 8  # of z, for recon
CURVES = "curves.json"  # made by `vaegen curves`
REPORT = "REPORT.md"  # made by `vaegen evaluate --latent`


@dataclass(frozen=True)
class Inside:
    """Asks what the model makes of a sentence.

    Attributes:
        a: The sentence; its words count, the latent is the posterior of the words.
        checkpoint: Name of a checkpoint.
        language: Code of the language that slots are read in.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    checkpoint: str = ""
    language: str = "en"
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Inside:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        a = point(self.a)
        if not a.text:
            raise VaegenError("This latent has no sentence, so it has no posterior; take a sentence.")
        checkpoint, language = check_checkpoint(self.checkpoint, checkpoints), check_tag(self.language)
        return Inside(Point(a.text, a.language), checkpoint, language, check_beta(self.beta))

    def answers(self, model: Any) -> Iterator[InsideAnswer]:
        """Yields the answer, once."""
        self = fitted(self, model)
        import torch

        from vaegen.evaluation.bounds import reconstruction_nats
        from vaegen.latent.paths import first_slots
        from vaegen.training.validation import ACTIVE_THRESHOLD

        (n_slots, latent_dim), beta = model.latent_shape, self.beta
        source = self.a.language or model.detect_language(self.a.text)
        posterior = model.encode([self.a.text], beta=beta)
        generator = torch.Generator().manual_seed(0)
        draws = torch.cat([posterior.sample(generator) for _ in range(N_DRAWS)])
        recon = float(reconstruction_nats(model, [self.a.text] * N_DRAWS, draws, source, beta=beta).mean())
        kl_per_dim, kl = posterior.kl_per_dim()[0], float(posterior.kl()[0])
        muted = posterior.mode.expand(n_slots + 1, -1, -1).clone()
        muted[range(n_slots), range(n_slots)] = 0.0
        *without, whole = model.decode(muted, self.language, num_beams=1, beta=beta)
        nats = reconstruction_nats(model, [self.a.text] * len(muted), muted, source, beta=beta)
        numbers = [n for n in (1, 2, 4, 8, 16, 32) if n < n_slots] + [n_slots]
        kept = torch.stack([first_slots(draws, n) for n in numbers]).flatten(0, 1)
        distortions = reconstruction_nats(model, [self.a.text] * len(kept), kept, source, beta=beta)
        distortions = distortions.view(len(numbers), -1).mean(1)
        parts = torch.cat([first_slots(posterior.mode, n) for n in numbers])
        readings = model.decode(parts, self.language, num_beams=1, beta=beta)
        rates = kl_per_dim.sum(-1).cumsum(0)[[n - 1 for n in numbers]]
        variances = model.mode_variances(beta)
        yield InsideAnswer(
            text=self.a.text,
            source_language=source,
            language=self.language,
            shape=(n_slots, latent_dim),
            mu=_rounded(posterior.mu[0]),
            std=_rounded(posterior.std[0]),
            kl_per_dim=_rounded(kl_per_dim),
            kl_per_slot=_rounded(kl_per_dim.sum(-1)),
            kl=round(kl, 3),
            recon=round(recon, 3),
            neg_elbo=round(recon + kl, 3),
            n_draws=N_DRAWS,
            active=tuple(bool(v > ACTIVE_THRESHOLD) for v in variances),
            active_threshold=ACTIVE_THRESHOLD,
            whole=whole,
            without=tuple(without),
            cost=_rounded(nats[:-1] - nats[-1]),
            first=tuple(
                FirstSlots(n, text, round(float(kl_n), 3), round(float(recon_n), 3))
                for n, text, kl_n, recon_n in zip(numbers, readings, rates, distortions, strict=True)
            ),
            checkpoint=checkpoint_facts(model.folder, model.metadata),
            python=self._python(source),
        )

    def _python(self, source: str) -> str:
        lines = python_start(self.checkpoint, imports=["import torch"])
        rate = python_rate(self.beta)
        lines += [f"text = {self.a.text!r}", f"posterior = pipeline.encode([text]{rate})"]
        lines += ["generator = torch.Generator().manual_seed(0)"]
        lines += [f"z = torch.cat([posterior.sample(generator) for _ in range({N_DRAWS})])"]
        lines += [f'scores = pipeline.score([text] * {N_DRAWS}, [text] * {N_DRAWS}, "{source}", "latent", z=z{rate})']
        lines += [f"recon = -sum(map(sum, scores)) / {N_DRAWS}"]
        lines += ["print(posterior.mu, posterior.std, posterior.kl_per_dim())"]
        lines += ['print(f"recon {recon:.2f} + KL {posterior.kl().item():.2f} nats")']
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class FirstSlots:
    """A sentence through its first n slots, the others at 0: how it reads, what they tell (KL) and leave open (recon)."""

    n: int
    text: str
    kl: float
    recon: float


@dataclass(frozen=True)
class InsideAnswer:
    """A sentence's posterior and what follows from it; all nats are per sentence.

    Attributes:
        text: The sentence.
        source_language: Its language, as given or detected.
        language: The language that slots are read in.
        shape: (M, Z).
        mu: Means of the posterior, M * Z, slot by slot; so are the two below.
        std: Its standard deviations.
        kl_per_dim: Its KL from N(0, 1) by dimension.
        kl_per_slot: The sum by slot, M.
        kl: The sum of all.
        recon: -log p(text | z) through the latent alone, in its own language, the mean over `n_draws` draws of z.
        neg_elbo: recon + kl: an upper bound on the sentence's -log p.
        n_draws: Draws of z.
        active: Whether each dimension's mean varies over the probe set: Var(mu) > `active_threshold`.
        active_threshold: See there.
        whole: What the mode of the posterior reads.
        without: The same with slot k at the prior's mean, 0, for every k.
        cost: How many nats more -log p(text | z) is then than at the mode of all slots, M; below 0 where it is less.
        first: Rate and distortion of the first 1, 2, 4, ... slots alone.
        checkpoint: How the checkpoint was trained and what was measured on it; see `checkpoint_facts`.
        python: Calls that reproduce the figures.
        seconds: Time taken.
        avoided: Sentences that were led around a sensitive word.
    """

    text: str
    source_language: str
    language: str
    shape: tuple[int, int]
    mu: tuple[float, ...]
    std: tuple[float, ...]
    kl_per_dim: tuple[float, ...]
    kl_per_slot: tuple[float, ...]
    kl: float
    recon: float
    neg_elbo: float
    n_draws: int
    active: tuple[bool, ...]
    active_threshold: float
    whole: str
    without: tuple[str, ...]
    cost: tuple[float, ...]
    first: tuple[FirstSlots, ...]
    checkpoint: dict[str, Any]
    python: str = ""
    seconds: float = 0.0
    avoided: int = 0


def checkpoint_facts(folder: Path | None, metadata: dict[str, Any]) -> dict[str, Any]:
    """Returns what is shown of a checkpoint: its measured figures, a summary of its training, and its curves.

    Keys: `note`, `parameters`, `command`, `training` (steps, tokens, seconds, beta, schedule), `translation`, `latent`
    and `tasks` as in `metrics.json`, `measured_by`, `report` (REPORT.md without plots), and `curves`: by name, pairs of step
    and value. What was not recorded is missing.
    """
    training, evaluation = metadata.get("training", {}), metadata.get("evaluation", {})
    config = training.get("config", {})
    facts: dict[str, Any] = {key: metadata[key] for key in ("note", "parameters", "command") if key in metadata}
    facts["training"] = {key: training[key] for key in ("step", "tokens", "seconds") if key in training}
    facts["training"] |= {key: config[key] for key in ("beta", "schedule", "free_bits", "batch_tokens") if key in config}
    facts |= {key: evaluation[key] for key in ("translation", "latent", "tasks") if key in evaluation}
    facts["measured_by"] = evaluation.get("command", "")
    if folder is not None and (folder / CURVES).is_file():
        with suppress(OSError, ValueError, KeyError):  # a picture less is no reason to refuse the rest
            facts["curves"] = json.loads((folder / CURVES).read_text(encoding="utf-8"))["series"]
    with suppress(VaegenError):
        report = companion(folder, REPORT, _read_report, "`vaegen evaluate --latent`")
        facts |= {} if report is None else {"report": report}
    return facts


def _read_report(path: Path) -> tuple[str, str | None]:
    text = path.read_text(encoding="utf-8")
    weights = re.search(r"; weights ([0-9a-f]{12})\.", text)
    shown = (line for line in text.splitlines() if not line.startswith(("# ", "![")))
    return "\n".join(shown), weights[1] if weights else None


def _rounded(values: Any) -> tuple[float, ...]:
    return tuple(round(float(value), 3) for value in values.flatten())
