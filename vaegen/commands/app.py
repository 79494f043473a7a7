"""Serves the app: a page on which one can see and play with what a checkpoint knows.

    vaegen app --checkpoint FOLDER_OR_HUB_ID --open

It prints the address of the page and runs until it is stopped with Ctrl-C. Only this machine sees the page, unless --host
or --share say otherwise.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from vaegen.commands.arguments import ENGINE_HELP, main_of, positive
from vaegen.config import DEFAULT_CHECKPOINT
from vaegen.errors import VaegenError

ALLOW_HUB = "VAEGEN_ALLOW_HUB"  # a variable in the settings of a Space
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def run(options: argparse.Namespace) -> None:
    """Loads the model in the background and serves the app."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported: the page calls nobody
    from vaegen.app.questions.translate import EXAMPLES, Request
    from vaegen.app.service import Service

    # On a Space, or behind a public link, strangers must not open folders of the machine.
    own = not options.share and "SPACE_ID" not in os.environ
    host = options.host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    hub = options.allow_hub or os.environ.get(ALLOW_HUB) == "1" or (own and host in LOOPBACK)
    service = Service(
        options.checkpoint, allow_folders=own, allow_hub=hub, word_lists=options.word_list, engine=options.engine
    )
    if not service.checkpoints:
        raise VaegenError("No checkpoint comes with an install; give a folder or a Hub id, as in --checkpoint owner/name.")
    service.start(Request(EXAMPLES[0][1]))
    from vaegen.app import launch  # gradio takes seconds to import; the model loads meanwhile

    launch(
        service,
        port=options.port,
        share=options.share,
        host=options.host,
        open_page=options.open,
        lessons=options.lessons,
        mcp=options.mcp,
        root_path=options.root_path,
        auth=read_auth(options.auth) if options.auth else (),
        frames=options.frame_from,
    )


def read_auth(path: Path) -> list[tuple[str, str]]:
    """Returns the names and passwords of a file.

    Raises:
        VaegenError: If it cannot be read, or a line is none.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise VaegenError("--auth {path} cannot be read ({reason}).", path=path, reason=error) from error
    pairs = [(name, password) for name, _, password in (line.partition(":") for line in lines)]
    if not pairs or not all(name and password for name, password in pairs):
        raise VaegenError("--auth {path} needs one NAME:PASSWORD a line, at least one.", path=path)
    return pairs


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
    parser.add_argument(
        "--allow-hub",
        action="store_true",
        help="let visitors open checkpoints of the Hugging Face Hub of up to 500 MB, on a public host too, as "
        f"{ALLOW_HUB}=1 does (default: only where this machine alone sees the page)",
    )
    parser.add_argument("--mcp", action="store_true", help="serve tools for language models at gradio_api/mcp, too")
    parser.add_argument(
        "--root-path",
        metavar="PATH",
        help="path at which a proxy, which takes it off, shows the page, as in /lab/vaegen (default: GRADIO_ROOT_PATH)",
    )
    parser.add_argument(
        "--auth",
        type=Path,
        metavar="FILE",
        help="let in only who logs in with a NAME:PASSWORD of this file, one a line (default: everybody)",
    )
    parser.add_argument(
        "--frame-from",
        nargs="+",
        default=[],
        metavar="SITE",
        help="other sites that may show the page in a frame, as in https://lab.example.org (default: Hugging Face alone)",
    )
    parser.add_argument("--engine", metavar="NAME", help=ENGINE_HELP)
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--lessons",
        metavar="FOLDER",
        help="a folder of lessons besides ours; docs/lessons.md says how to write one (default: ours alone)",
    )
    parser.add_argument(
        "--word-list",
        nargs="+",
        default=[],
        metavar="PATH",
        help="more sensitive words to avoid: en.txt, ..., or a folder of lists (default: those that vaegen ships alone)",
    )


main = main_of(__name__)
