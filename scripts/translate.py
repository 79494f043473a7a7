import moved  # noqa: F401
