"""What visitors ask and what they get, one module for each view of the app: plain Python and numpy, no torch, no gradio.

A question is a frozen dataclass: it checks itself and answers itself with a pipeline. `vaegen.app.service` does the rest:
the model's thread, the cache, the waiting.
"""
