"""The VAE-Transformer: from ids to a Gaussian latent, from a latent to log-probabilities.

Read `posterior` (the latent), `layers` (attention) and `vae_transformer` (the whole) in this order. `recurrent`, `graph`,
`sparse_attention` and `pretrained` hold other encoders, decoders and attentions, one file each. `likelihood` says how
probable a text is, `checkpoint` writes and reads self-describing folders, `companions` reads what else lies in them,
`precision` knows what a machine computes fast, `randomness` seeds what is drawn. `rate_dial` makes the weight of the KL term
an input.
"""

from vaegen import lazily

__getattr__ = lazily(
    __name__,
    vae_transformer="AttentionMaps CONTEXTS Encoding Memory VAETransformer build_encoder",
    posterior="DiagonalGaussian",
    checkpoint="load_checkpoint save_checkpoint",
)
