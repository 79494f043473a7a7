"""The latent space as a place: ways through it, draws from it, maps of it.

`paths` walks between latents, `priors` are where draws come from and `prior_kinds` lists them, `refinement` finds a latent
that reads back word by word. `projection` flattens latents (PCA, UMAP), `atlas` is a finished map beside a checkpoint,
`directions` its named directions, `codes` writes a latent as text. These four and `prior_kinds` run without torch.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    paths="first_slots lerp path slerp",
    prior_kinds="PRIORS PriorKind",
    priors="FittedPrior Prior load_priors",
    atlas="Atlas fit_atlas load_atlas",
    directions="Direction Directions load_directions",
    codes="pack unpack",
)
