"""`python -m vaegen`: the same as the command `vaegen`."""

import sys

from vaegen.commands.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
