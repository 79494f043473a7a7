"""One flat, resumable training loop: the same on a CPU, on a GPU and over several processes."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from vaegen.config import ModelConfig, TrainConfig
from vaegen.data.batches import Batch, TrainingData, corrupt
from vaegen.errors import VaegenError
from vaegen.latent.paths import first_slots
from vaegen.model.checkpoint import keep_last, save_checkpoint
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.rate_dial import draw_log_beta
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer
from vaegen.training.beta_schedule import BetaSchedule
from vaegen.training.objective import LossTerms, contrast, drop_words, nested_prefixes, vae_loss
from vaegen.training.optimization import SharedMuon, build_optimizers, lr_factor, moving_average, take_step
from vaegen.training.run_folder import LOG_FILE, STATE_FILE, load_state, read_log
from vaegen.training.validation import Validation
from vaegen.writing import replacing, write_text

LOG_EVERY = 20  # steps


class TrainingObjective(nn.Module):
    """Model and loss as one module, so that DistributedDataParallel sees a single forward pass."""

    def __init__(self, model: VAETransformer, config: TrainConfig, mask_id: int) -> None:
        super().__init__()
        self.model, self.config, self.mask_id = model, config, mask_id
        if config.schedule == "dial" and model.dial is None:
            raise VaegenError("schedule='dial' is for a model with rate_dial; give --rate-dial true.")
        if model.source_tokenizer is not None and (config.align_kl or config.align_contrast or config.source_noise):
            raise VaegenError(
                "align_kl, align_contrast, source_noise: they need our own sub-words, which a pre-trained encoder does not "
                "read; give 0."
            )

    def forward(self, batch: Batch, beta: float) -> LossTerms:
        """Returns the loss terms of a batch with a fresh draw of z, dropout and decoder contexts."""
        model, config = self.model, self.config
        log_beta = draw_log_beta(len(batch.src), batch.src.device) if config.schedule == "dial" else None
        encoding = model.encode(*corrupt(batch.src, batch.src_mask, config.source_noise, self.mask_id), log_beta)
        posterior = encoding.posterior
        z = posterior.sample() if posterior is not None else None
        if z is not None and config.nested_rate:
            z = first_slots(z, nested_prefixes(len(z), z.shape[1], config.nested_rate).to(z.device))
        memory = model.memory(z, encoding, "source")
        visible = memory.mask[batch.rows]
        if posterior is not None:
            # Copying the source is no lesson: a sentence is reconstructed from z alone.
            latent_only = batch.own | (
                torch.rand(len(batch.rows), device=batch.rows.device) >= config.source_context_rate
            )
            visible[latent_only, model.config.n_slots :] = False
        tgt_in = drop_words(batch.tgt_in, config.word_dropout, self.mask_id)
        hidden = model.decode_hidden(tgt_in, memory, batch.rows, visible)
        terms = vae_loss(hidden, model.embedding.weight, batch.tgt_out, batch.tgt_mask, posterior, beta, config, log_beta)
        if posterior is not None and (config.align_kl or config.align_contrast):
            alignment = self._alignment(batch, posterior, log_beta) * len(batch.rows) / terms.n_tokens
            terms = replace(terms, loss=terms.loss + alignment)
        return terms

    def _alignment(self, batch: Batch, posterior: DiagonalGaussian, log_beta: Tensor | None) -> Tensor:
        """How far one translation of each sentence is from it in the latent space, weighted, in nats per sentence."""
        order = torch.randperm(len(batch.rows), device=batch.rows.device)
        chosen = batch.rows.new_full((len(batch.src),), -1)
        chosen[batch.rows[order]] = torch.where(batch.own[order], -1, order)  # whichever was written last
        has = chosen >= 0
        if has.sum() < 2:
            return posterior.mu.new_zeros(())
        rows = chosen[has]
        mask = batch.tgt_mask[rows]
        length = int(mask.sum(1).max())  # a target with its end token is what the encoder reads
        rate = None if log_beta is None else log_beta[has]
        other = self.model.encode(batch.tgt_out[rows, :length], mask[:, :length], rate).posterior
        assert other is not None
        mine = posterior[has]
        return self.config.align_kl * other.kl_from(mine).mean() + self.config.align_contrast * contrast(mine, other)


@dataclass
class Progress:
    """Where a run stands; all of it is in the saved state."""

    step: int = 0
    epoch: int = 0
    batch: int = 0  # next batch of the epoch
    best_loss: float = float("inf")
    bad_evaluations: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0  # of all threads of this process: what other programs take does not count
    tokens: int = 0


class Trainer:
    """Trains a model and leaves two things in `folder`: a resumable `state.pt` and the averaged weights as a checkpoint.

    Args:
        model: On `device` already, the same weights on every process.
        tokenizer: Saved with the checkpoint.
        data: This process's share of the training data.
        validation: Scores the averaged weights and says whether z is used.
        config: All settings.
        folder: Run folder; written by process 0 only.
        device: "cpu" or "cuda[:n]".
        amp: Compute in bfloat16 (autocast).
        metadata: Goes into the checkpoint's `metrics.json`.
        report: Gets each log line (process 0 only).
    """

    def __init__(
        self,
        model: VAETransformer,
        tokenizer: Tokenizer,
        data: TrainingData,
        validation: Validation,
        config: TrainConfig,
        folder: str | Path,
        *,
        device: str = "cpu",
        amp: bool = True,
        metadata: dict[str, Any] | None = None,
        report: Callable[[str], None] = print,
    ) -> None:
        self.model, self.tokenizer, self.data, self.validation, self.config = model, tokenizer, data, validation, config
        self.folder, self.device = Path(folder), torch.device(device)
        self.metadata, self.report = metadata or {}, report
        self.rank, self.world_size = data.rank, data.world_size
        model.embedding.weight.requires_grad_(not config.freeze_embeddings)
        self.objective = TrainingObjective(model, config, tokenizer.mask_id)
        self.wrapped: nn.Module = self.objective
        if self.world_size > 1:
            self.wrapped = DistributedDataParallel(
                self.objective, device_ids=[self.device.index] if self.device.type == "cuda" else None
            )
        self.optimizers = build_optimizers(model, config, fused=True)
        self.base_lrs = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers]
        self.average = AveragedModel(model, multi_avg_fn=moving_average(config.ema_decay))
        self.averaged = cast(VAETransformer, self.average.module)
        self.schedule = BetaSchedule(config)
        self.progress = Progress()
        self.autocast = lambda: torch.autocast(self.device.type, torch.bfloat16) if amp else nullcontext()
        self._writer: Any = None
        self._stop_signal: str | None = None

    @property
    def main(self) -> bool:
        """Whether this process writes files and lines."""
        return self.rank == 0

    def train(self, on_step: Callable[[Progress, dict[str, float]], None] | None = None) -> Progress:
        """Runs to the last step (or to a stop signal or to `patience`) and returns where it ended.

        Args:
            on_step: Called after every step with the progress and the step's figures; for a progress bar.
        """
        restore = self._listen_to_signals()
        started = time.perf_counter() - self.progress.seconds
        cpu_started = time.process_time() - self.progress.cpu_seconds
        if self.progress.step == 0:
            self._evaluate()
        for batch in self._stream():
            figures = self._step(batch.to(self.device))
            self.progress.seconds = time.perf_counter() - started
            self.progress.cpu_seconds = time.process_time() - cpu_started
            if on_step is not None:
                on_step(self.progress, figures)
            step, c = self.progress.step, self.config
            if self.main and (step % LOG_EVERY == 0 or step == c.steps):
                self._log("train", figures)
            if step == c.steps or (c.eval_every and step % c.eval_every == 0):
                self._evaluate()
                self.save()
                if c.patience and self.progress.bad_evaluations >= c.patience:
                    self._say(f"early stop: no better validation loss in {c.patience} evaluations")
                    break
            elif c.save_every and step % c.save_every == 0:
                self.save()
            if self._should_stop():
                self._say(
                    f"stopped by {self._stop_signal or 'another process'} at step {step}; --resume goes on from here"
                )
                self.save()
                break
        for number, handler in restore.items():
            signal.signal(number, handler)
        return self.progress

    def save(self) -> None:
        """Writes `state.pt` atomically: a kill at any moment leaves the old state or the new one."""
        rng = [torch.get_rng_state()] + ([torch.cuda.get_rng_state()] if self.device.type == "cuda" else [])
        all_rng: list[Any] = [rng]
        if self.world_size > 1:
            all_rng = [None] * self.world_size
            dist.all_gather_object(all_rng, rng)
            for optimizer in self.optimizers:
                if isinstance(optimizer, SharedMuon):
                    optimizer.gather()
        if not self.main:
            return
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "progress": asdict(self.progress),
            "schedule": {"gate_step": self.schedule.gate_step, "controlled": self.schedule.controlled},
            "rng": all_rng,
            "config": self.config.to_dict(),
            "model_config": self.model.config.to_dict(),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / STATE_FILE) as beside:
            torch.save(state, beside)

    def resume(self) -> None:
        """Goes back to the saved state of the run folder, random numbers and place in the data included.

        Raises:
            VaegenError: If there is no state, or it is of another model.
        """
        state = load_state(self.folder)
        shape = ModelConfig.from_dict(state["model_config"])
        if replace(shape, pretrained=self.model.config.pretrained) != self.model.config:  # the place may be another
            raise VaegenError(
                "{folder} holds a model of another shape; resume it with its own settings, or choose another --out.",
                folder=self.folder,
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            decays = [group["weight_decay"] for group in optimizer.param_groups]  # as asked for now, not as saved
            optimizer.load_state_dict(saved)
            for group, decay in zip(optimizer.param_groups, decays, strict=True):
                group["weight_decay"] = decay
        self.progress = Progress(**state["progress"])
        self.schedule.gate_step = state["schedule"]["gate_step"]
        self.schedule.controlled = state["schedule"]["controlled"]
        if self.rank < len(state["rng"]):
            rng = state["rng"][self.rank]
            torch.set_rng_state(rng[0])
            if self.device.type == "cuda" and len(rng) > 1:
                torch.cuda.set_rng_state(rng[1])
        if self.main:  # steps after the saved one are done again
            kept = [json.dumps(record) + "\n" for record in read_log(self.folder) if record["step"] <= self.progress.step]
            write_text(self.folder / LOG_FILE, "".join(kept))

    def _stream(self) -> Iterator[Batch]:
        cuda = self.device.type == "cuda"
        while self.progress.step < self.config.steps:
            start = self.progress.batch
            p, source = self.progress, self.model.source_tokenizer
            for batch in self.data.batches(p.epoch, start, pin_memory=cuda, workers=2 * cuda, source_tokenizer=source):
                self.progress.batch += 1
                yield batch
                if self.progress.step >= self.config.steps:
                    return
            self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0

    def _step(self, batch: Batch) -> dict[str, float]:
        self.wrapped.train()
        beta = self.schedule.beta_at(self.progress.step)
        factor = lr_factor(self.progress.step, self.config)
        for optimizer, base_lrs in zip(self.optimizers, self.base_lrs, strict=True):
            for group, base_lr in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = base_lr * factor
        with self.autocast():
            terms = self.wrapped(batch, beta)
        # DistributedDataParallel takes the mean over processes; weigh each by its tokens, as one process would.
        n_tokens = terms.n_tokens.clone()
        if self.world_size > 1:
            dist.all_reduce(n_tokens)
        (terms.loss * (terms.n_tokens * self.world_size / n_tokens)).backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        recon, kl, grad_norm = float(terms.recon), float(terms.kl), float(norm)
        if not all(map(math.isfinite, (recon, kl, grad_norm))):
            again = "Resume from the last state" if (self.folder / STATE_FILE).is_file() else "Start again"
            advice = f"{again} with a lower --lr and --muon-lr."
            raise VaegenError(
                "Step {step}: recon {recon}, kl {kl}, gradient norm {grad_norm} is not finite. {advice}",
                step=self.progress.step,
                advice=advice,
                recon=recon,
                kl=kl,
                grad_norm=grad_norm,
            )
        take_step(self.optimizers, self.device.type)
        self.average.update_parameters(self.model)
        self.schedule.observe_kl(self._mean(kl))
        self.progress.step += 1
        self.progress.tokens += int(n_tokens)
        per_token = recon * len(batch.rows) / int(terms.n_tokens)
        return {
            "recon": recon,
            "recon_per_token": per_token,
            "kl": kl,
            "beta": beta,
            "lr": factor,
            "grad_norm": grad_norm,
        }

    def _evaluate(self) -> None:
        """Scores the averaged weights on process 0, lets the schedule see the evidence, saves the checkpoint.

        With early stopping (`patience`) only a better one is saved, else the latest: the KL ramp raises the loss on purpose.
        """
        gap, loss = 0.0, 0.0
        if self.main:
            with self.autocast():
                scores, samples = self.validation.run(self.averaged)
            gap, loss = scores.get("gap", 0.0), scores["loss"]
            self._log("eval", scores)
            for line in samples:
                self._say(f"    {line}")
        if self.world_size > 1:
            shared = torch.tensor([gap, loss], device=self.device, dtype=torch.float64)
            dist.broadcast(shared, 0)
            gap, loss = shared.tolist()
        if self.model.config.n_slots and (message := self.schedule.observe_gap(self.progress.step, gap)):
            self._say(message)
        improved = loss < self.progress.best_loss
        self.progress.best_loss = min(loss, self.progress.best_loss)
        self.progress.bad_evaluations = 0 if improved else self.progress.bad_evaluations + 1
        if self.main and self.progress.step and (improved or not self.config.patience):
            save_checkpoint(self.folder / "checkpoint", self.averaged, self.tokenizer, self._metadata(scores))
        if self.main and self.progress.step and (n := self.config.keep_last):
            path = keep_last(self.folder / "last", self.progress.step, n)
            save_checkpoint(path, self.averaged, self.tokenizer, self._metadata(scores))

    def _metadata(self, scores: dict[str, float]) -> dict[str, Any]:
        training = {"config": self.config.to_dict(), **asdict(self.progress), "validation": scores}
        return {**self.metadata, "training": training}

    def _log(self, kind: str, figures: dict[str, float]) -> None:
        p = self.progress
        rate = p.tokens / p.seconds if p.seconds else 0.0
        units = {"recon": " nats", "recon_per_token": " nats", "kl": " nats", "gap": " nats", "lr": " of the peak"}
        text = " | ".join(f"{k} {v:.4g}{units.get(k, '')}" for k, v in figures.items())
        self._say(f"{kind} {p.step}/{self.config.steps} | epoch {p.epoch} | {rate:,.0f} target tokens/s | {text}")
        self.folder.mkdir(parents=True, exist_ok=True)
        record = {"kind": kind, **asdict(p), **figures}
        with open(self.folder / LOG_FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if self._writer is None:
            self._writer = _tensorboard(self.folder)
        for name, value in figures.items():
            self._writer and self._writer.add_scalar(f"{kind}/{name}", value, p.step)

    def _say(self, line: str) -> None:
        if self.main:
            self.report(line)

    def _mean(self, value: float) -> float:
        """The mean of a figure over the processes."""
        if self.world_size == 1:
            return value
        shared = torch.tensor(value, device=self.device, dtype=torch.float64)
        dist.all_reduce(shared)
        return float(shared) / self.world_size

    def _listen_to_signals(self) -> dict[int, Any]:
        def note(number: int, _frame: Any) -> None:
            self._stop_signal = signal.Signals(number).name

        try:
            return {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # not the main thread: there is no signal to listen to
            return {}

    def _should_stop(self) -> bool:
        if self.world_size == 1:
            return self._stop_signal is not None
        stop = torch.tensor(self._stop_signal is not None, dtype=torch.int32, device=self.device)
        dist.all_reduce(stop)
        return bool(stop)


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return False
    return SummaryWriter(str(folder / "tensorboard"))
