"""The app: `python app.py`, then open the address that it prints. A Space starts it by itself."""

import argparse
import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported: the page calls nobody

from vaegen.app.questions.translate import EXAMPLES, Request
from vaegen.app.service import Service


def main() -> None:
    """Loads the model in the background and serves the app."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", help="name in checkpoints/, folder or hub id (default: multi30k)")
    parser.add_argument("--port", type=int, help="default: GRADIO_SERVER_PORT, or the first free one from 7860 up")
    parser.add_argument("--share", action="store_true", help="open a public link through gradio's servers")
    parser.add_argument(
        "--word-list", nargs="+", default=[], metavar="PATH", help="more sensitive words to avoid: en.txt, ..., or a folder"
    )
    options = parser.parse_args()

    # On a Space, or behind a public link, strangers must not open folders of the machine.
    own = not options.share and "SPACE_ID" not in os.environ
    service = Service(options.checkpoint, allow_folders=own, word_lists=options.word_list)
    service.start(Request(EXAMPLES[0][1]))
    from vaegen.app import launch  # gradio takes seconds to import; the model loads meanwhile

    launch(service, port=options.port, share=options.share)


if __name__ == "__main__":
    main()
