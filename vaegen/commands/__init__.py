"""The command `vaegen` and its parts; `arguments` makes options of dataclasses and tells paths as anyone could type them."""
