"""The two exceptions that callers of the engine are expected to handle."""


class InputError(ValueError):
    """Input that the user can mend.

    The message is one plain sentence: what is wrong, where, and what to do.
    The command line prints it and exits with status 2; the window shows it as is.
    """


class Cancelled(Exception):
    """Long work was stopped at the user's request; nothing was changed."""
