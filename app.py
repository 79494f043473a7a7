"""The app: `python app.py`, then open the address that it prints. A Space starts it by itself; see `vaegen app --help`."""

import sys

from vaegen.commands.app import main

if __name__ == "__main__":
    sys.exit(main())
