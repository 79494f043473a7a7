"""One module a tab: what it asks, and what it can be set to. Its picture is drawn in `web/<tab>/`."""
