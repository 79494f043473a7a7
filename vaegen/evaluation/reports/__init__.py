"""Figures as people read them: `cards` (model and data cards, result tables), `variants`, `latent_space`."""
