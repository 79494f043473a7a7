"""Serves the app: a page on which one can see and play with what a checkpoint knows.

    vaegen app --checkpoint FOLDER_OR_HUB_ID --open

It prints the address of the page and runs until it is stopped with Ctrl-C. Only this machine sees the page, unless --host
or --share say otherwise.
"""

from __future__ import annotations

import argparse
import os

from vaegen.commands.arguments import ENGINE_HELP, main_of, positive
from vaegen.config import DEFAULT_CHECKPOINT
from vaegen.errors import VaegenError


def run(options: argparse.Namespace) -> None:
    """Loads the model in the background and serves the app."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported: the page calls nobody
    from vaegen.app.questions.translate import EXAMPLES, Request
    from vaegen.app.service import Service

    # On a Space, or behind a public link, strangers must not open folders of the machine.
    own = not options.share and "SPACE_ID" not in os.environ
    service = Service(options.checkpoint, allow_folders=own, word_lists=options.word_list, engine=options.engine)
    if not service.checkpoints:
        raise VaegenError("No checkpoint comes with an install; give a folder or a Hub id, as in --checkpoint owner/name.")
    service.start(Request(EXAMPLES[0][1]))
    from vaegen.app import launch  # gradio takes seconds to import; the model loads meanwhile

    launch(service, port=options.port, share=options.share, host=options.host, open_page=options.open)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--checkpoint",
        help=f"folder, Hub id, or name in the folder checkpoints of a clone (default: {DEFAULT_CHECKPOINT} there)",
    )
    parser.add_argument(
        "--port",
        type=positive,
        metavar="N",
        help="port to listen on (default: GRADIO_SERVER_PORT, or the first free one from 7860 up)",
    )
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        help="address to listen on; 0.0.0.0 lets the network in (default: GRADIO_SERVER_NAME, or this machine alone)",
    )
    parser.add_argument("--share", action="store_true", help="open a public link through gradio's servers")
    parser.add_argument("--engine", metavar="NAME", help=ENGINE_HELP)
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--word-list",
        nargs="+",
        default=[],
        metavar="PATH",
        help="more sensitive words to avoid: en.txt, ..., or a folder of lists (default: those that vaegen ships alone)",
    )


main = main_of(__name__)
