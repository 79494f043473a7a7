"""The weight of the KL term over a run: when it may rise, how far, and what warns of collapse."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from vaegen.config import TrainConfig


@dataclass
class BetaSchedule:
    """The weight of the KL term, and whether z is used at all.

    Every schedule but `constant` waits at beta 0 until evaluations show that z carries the sentence: until decoding from
    somebody else's z costs `gate_nats` more than from the right one. A KL term that arrives before that empties z for
    good (posterior collapse; Bowman et al. 2016). `gated` then ramps up linearly; `cyclical` repeats ramp and plateau
    (Fu et al. 2019, arXiv 1903.10145); `target_kl` steers the KL to a figure (the controller of Shao et al. 2020,
    arXiv 2004.05988, in multiplicative form).

    Attributes:
        gate_step: Step at which the gate opened; None while it is closed.
        controlled: Current beta of `target_kl`.
    """

    config: TrainConfig
    gate_step: int | None = None
    controlled: float = field(default=1e-4)

    def beta_at(self, step: int) -> float:
        """Returns the weight of the KL term in this step."""
        c = self.config
        if c.schedule == "constant":
            return c.beta
        if self.gate_step is None:
            return 0.0
        ramp = min(1.0, (step - self.gate_step) / max(1, c.ramp_steps))
        if c.schedule == "target_kl":
            return min(self.controlled, c.beta)
        if c.schedule == "cyclical":
            # Whole cycles up to the last step, two steps or more in each: a run never ends at the foot of a ramp.
            n_steps = max(1, c.steps - self.gate_step)
            n_cycles = max(1, min(c.n_cycles, n_steps // 2))
            ramp = min(1.0, 2.0 * ((step - self.gate_step) * n_cycles % n_steps) / n_steps)
        return ramp if c.schedule == "dial" else c.beta * ramp  # the dial's sentences have a beta each: this comes on top

    def observe_kl(self, kl: float) -> None:
        """Tells the `target_kl` controller the KL of the last step, in nats."""
        if self.config.schedule == "target_kl" and self.gate_step is not None:
            error = max(-1.0, min(1.0, kl / self.config.target_kl - 1.0))
            self.controlled = max(1e-5, min(self.config.beta, self.controlled * math.exp(0.01 * error)))

    def observe_gap(self, step: int, gap_nats: float) -> str | None:
        """Takes an evaluation's evidence that z is used, and returns a line for the log when that changes something.

        Args:
            step: Step of the evaluation.
            gap_nats: recon with the z of another sentence minus recon with the right one, per sentence, context latent.
        """
        if gap_nats >= self.config.gate_nats and self.gate_step is None:
            self.gate_step = step
            return f"gate open: a wrong z costs {gap_nats:.1f} nats, so z carries the sentence; beta may rise"
        if self.gate_step is not None and gap_nats < 0.25 * self.config.gate_nats:
            return (
                f"WARNING posterior_collapse: a wrong z costs only {gap_nats:.1f} nats (the gate opened at "
                f"{self.config.gate_nats:.0f}); lower beta, add free_bits or let it train longer before the ramp"
            )
        return None
