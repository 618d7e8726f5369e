"""The headless verbs: one module each. The only part of the engine that writes to the terminal.

Every verb offers ``add_parser(verbs)`` to declare its arguments and ``run(args, console)`` to do
the work; `run` returns the object that ``--json`` prints, and `summary` lines for people.
Exit status: 0 success, 2 bad input (one line on stderr), 1 failure.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

from engine.cli.compilation import announced_compilation
from engine.cli.console import Console, Parser
from engine.errors import Cancelled, InputError

VERBS = (
    "fit",
    "generate",
    "voxelise",
    "characterize",
    "campaign",
    "export",
    "train",
    "predict",
    "maps",
    "report",
    "self_test",
    "compile",
)


def build_parser() -> Parser:
    """Return the parser of all verbs."""
    parser = Parser(
        prog="hybridgui",
        description="Design the calendering of battery electrodes. Without arguments the window opens.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for name in VERBS:
        module = import_module(f"engine.cli.{name}")
        verb = module.add_parser(verbs)
        verb.add_argument("--json", action="store_true", help="print one JSON object on stdout")
        verb.add_argument(
            "--traceback", action="store_true", help="show where an unexpected error arose"
        )
        verb.set_defaults(run=module.run)
    return parser


def names_a_file(word: str) -> bool:
    """Whether a first argument is no verb but a file or folder there is, to open in the window."""
    return word not in VERBS and not word.startswith("-") and Path(word).exists()


def main(argv: list[str]) -> int:
    """Run one verb.

    Parameters
    ----------
    argv : list of str
        The arguments without the program's name.

    Returns
    -------
    int
        Exit status: 0 success, 2 bad input, 1 failure.
    """
    word = argv[0] if argv else ""
    if (
        word not in VERBS
        and not word.startswith("-")
        and (Path(word).suffix or len(Path(word).parts) > 1)
    ):
        sys.stderr.write(
            f"error: there is no file {word}: check the name, or give a verb (see `--help`)\n"
        )
        return 2
    args = build_parser().parse_args(argv)
    with Console(as_json=args.json) as console:
        try:
            with announced_compilation(args.verb, console):
                result = args.run(args, console)
            console.result(result)
        except InputError as error:
            console.say(f"error: {error}")
            return 2
        except (Cancelled, KeyboardInterrupt):
            console.say(f"stopped: {console.on_stop}")
            return 1
        except BrokenPipeError:
            return 1
        except Exception as error:
            if args.traceback:
                traceback.print_exc(file=sys.stderr)
            console.say(
                f"failed: {type(error).__name__}: {error} (run again with --traceback for details)"
            )
            return 1
        return console.status
