"""Figures that are reported, and how they are written down.

`translation` scores translations, `tasks` summaries and replies, `bounds` what the latent carries. `latent_space` puts
together what a latent space is worth, out of `generated_text`, `disentanglement` and the judge `language_model`.
`reports` makes tables and cards out of the figures.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    translation="contexts_of moses shuffled_bleu translate_and_score translation_scores",
    bounds="active_units latent_figures mutual_information reconstruction_nats",
)
