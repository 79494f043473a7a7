"""What is made from a checkpoint and lies beside it: `priors`, `directions` and the map, `atlas`.

`vaegen prior`, `vaegen directions` and `vaegen map` write it; `vaegen.latent` reads it.
"""
