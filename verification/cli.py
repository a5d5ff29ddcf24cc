"""The command line: `refnet`, or `python -m verification`.

Exit status: 0 correct; 1 wrong, inaccurate or rejected; 2 usage; 3 undecided; 70 a fault of
refnet itself; 130 interrupted; 141 nobody reads the output any more.
"""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from .commands import (
    atlas,
    campaign,
    check,
    explain,
    init,
    lint,
    listing,
    report,
    train,
    training,
    validate,
    vectors,
)
from .commands.mistakes import Mistake

USAGE, OWN_FAULT, INTERRUPTED, NO_READER = 2, 70, 130, 141
UsageError = typer.BadParameter.__mro__[1]  # wherever this typer keeps its click

NAMES = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=NAMES)
app.command("report")(report)
app.command("check")(check)
app.command("validate")(validate)
app.command("explain")(explain)
app.command("lint")(lint)
app.command("campaign")(campaign)
app.command("atlas", short_help="Judge every public function of a library.")(atlas)
app.command("init")(init)
app.command("list")(listing)
app.command("train", short_help="Train a network, or many over a sweep of settings.")(train)
app.command("training", short_help="Judge a training run, step by step.")(training)
app.add_typer(vectors, name="vectors", short_help="Write test vectors, or judge answers.")


def _version(wanted: bool) -> bool:
    if wanted:
        from refnet.about import __version__

        typer.echo(f"refnet {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def refnet(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Is this gradient right, to the last digit its dtype can carry?

    Exit status: 0 correct; 1 wrong, inaccurate or rejected; 2 usage; 3 undecided; 70 a fault of
    refnet itself.
    """


def main() -> NoReturn:
    """The entry point: run what the command line says, exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line.  Returns the exit status; says errors on stderr, one line."""
    debug = "--debug" in arguments  # anywhere, also behind the command
    try:
        status = _invoke([word for word in arguments if word != "--debug"])
        sys.stdout.flush()
        return status
    except (Exception, KeyboardInterrupt) as error:
        status, sentence = _said(error, arguments)
        if debug or status == OWN_FAULT:
            traceback.print_exception(error)
        if status == NO_READER:  # nothing more can be said; keep the exit from trying
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            print(f"refnet: {sentence}", file=sys.stderr)
        return status


def _invoke(arguments: list[str]) -> int:
    """Typer's command without the main of click, which has exit statuses of its own."""
    if not arguments:
        return _invoke(["--help"]) or USAGE
    command = typer.main.get_command(app)
    try:
        with command.make_context("refnet", arguments) as context:
            return command.invoke(context) or 0
    except typer.Exit as ending:
        return ending.exit_code


def _said(error: BaseException, arguments: Sequence[str]) -> tuple[int, str]:
    """The exit status of an error, and its sentence."""
    match error:
        case Mistake():
            return USAGE, str(error)
        case KeyboardInterrupt() | typer.Abort():
            return INTERRUPTED, str(error) or "interrupted; what was written before is as it was"
        case BrokenPipeError():
            return NO_READER, ""
        case OSError(strerror=None):  # not the system's words but ours: a sentence already
            return USAGE, str(error)
        case OSError(errno=errno.ENOSPC):
            place = f" at {str(error.filename)!r}" if error.filename else ""
            return USAGE, f"the disk is full{place}; make room, or write elsewhere"
        case OSError():
            return USAGE, str(error)
        case _ if isinstance(error, MemoryError) or "Out of memory" in str(error):  # XLA's words
            return USAGE, "there is not enough memory for this; give smaller sizes"
        case ImportError() if said := _missing(error):
            return USAGE, said
        case _ if isinstance(error, UsageError):
            return USAGE, _usage(error, arguments)
    return OWN_FAULT, f"a fault of refnet itself, not yours: {type(error).__name__}: {error}"


def _missing(error: BaseException) -> str:
    from .vocabulary.extras import missing  # with it comes NumPy, which no help needs

    is_told = error.__cause__ is not None and missing(error.__cause__)
    return str(error) if is_told else missing(error)


def _usage(error: Any, arguments: Sequence[str]) -> str:
    command = error.ctx.command_path if error.ctx else "refnet"
    return f"{_sentence(error, arguments)}; see `{command} --help`"


def _sentence(error: Any, arguments: Sequence[str]) -> str:
    """What typer says, with the value that was given where typer leaves it out."""
    words = [part for word in arguments for part in word.split("=", 1)]
    for option in getattr(getattr(error, "param", None), "opts", ()):
        if option in words[:-1]:
            given = words[words.index(option) + 1]
            return f"{option} is {given!r}; {_clause(error.message)}"
    stray = getattr(error, "message", "").partition("extra argument")[2].count(":") in (1, 2)
    if stray and arguments[0] in ("validate", "explain"):
        return f"{_clause(error.format_message())}: write --of FILE.py:LOSS --args FILE.py:SAMPLE"
    return _clause(error.format_message())


def _clause(text: str) -> str:
    text = " ".join(text.split()).rstrip(".").replace(". Did you", "; did you")
    return text[:1].lower() + text[1:]


if __name__ == "__main__":  # it would end with 0 otherwise, as if all were correct
    main()
