"""What makes a model out of data: one flat loop that resumes bit for bit.

`trainer` is the loop and `prepare` what it is fed with; `objective` is what it minimises, with `linear_cross_entropy` and
`beta_schedule`. `optimization` holds the optimizers, `embeddings` where word vectors begin, `validation` what a run looks
at, `run_folder` what it leaves behind.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    trainer="Trainer TrainingObjective",
    objective="LossTerms vae_loss",
    beta_schedule="BetaSchedule",
    validation="Validation",
)
