"""The command `vaegen`: a module for each of its commands, named as it is typed.

Each has `add_options` and `run`; `arguments` makes a command of them. At the top of a module stands only what is imported
fast: `--help` must not wait for torch.
"""
