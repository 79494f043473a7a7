"""vaegen: see and play with what a translating VAE-Transformer knows.

`vaegen COMMAND --help` says what a command does and all its options; each brings along no more than it needs.
"""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = (
    "app", "translate", "encode", "train", "evaluate", "average", "curves", "tokenizer", "corpus", "lm", "prior",
    "directions", "map", "examples", "unsure",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Runs the command that the first argument names and returns its exit status."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in COMMANDS:
        return import_module(f"vaegen.commands.{name}").main(rest)
    if name in ("-h", "--help"):
        print(overview())
        return 0
    if name == "--version":
        from vaegen import __version__

        print(__version__)
        return 0
    print(f"vaegen: there is no command {name!r}; choose one of {', '.join(COMMANDS)}.", file=sys.stderr)
    return 2


def overview() -> str:
    """Returns the help of `vaegen` itself: each command with the first line of its own help."""
    texts = {name: import_module(f"vaegen.commands.{name}").__doc__ or "" for name in COMMANDS}
    lines = [f"  {name:12}{text.partition(chr(10))[0]}" for name, text in texts.items()]
    return "\n".join(["usage: vaegen COMMAND ...", "", (__doc__ or "").strip(), "", *lines, "", "  --version   its version"])


if __name__ == "__main__":
    sys.exit(main())
