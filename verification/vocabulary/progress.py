"""How far a long run has come: after two seconds one line, where a person is looking.

In a terminal it is a line on stderr that is written over, and gone at the end; in a notebook a bar;
in a pipe, in a file and under pytest there is none.  What is told: which part of the run, how many
are done, how many are left, and how long those take, if they take as long as those before; behind
it the same of what is under way inside of that.
"""

import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
WAIT, AGAIN = 2.0, 0.5  # seconds until the first line, and between two


@dataclass(eq=False)
class Run:
    """What is under way; `total` is 0 where nobody knows."""

    title: str
    what: str = "starts"
    done: int = 0
    total: int = 0
    since: float = field(default_factory=monotonic)

    def line(self, now: float) -> str:
        """ "gradient: 12 of 16 cases, about 3 s left"."""
        if not self.total:
            return f"{self.title}: {f'{self.done} ' if self.done else ''}{self.what}"
        said = f"{self.title}: {self.done} of {self.total} {self.what}"
        if not 0 < self.done < self.total:
            return said
        left = (now - self.since) / self.done * (self.total - self.done)
        return f"{said}, about {left:.0f} s left"


class Terminal:
    """A line that is written over, and never longer than the terminal is wide."""

    def __init__(self, stream: Any):
        self.stream = stream

    def show(self, run: Run) -> None:
        line = told(run, monotonic())[: shutil.get_terminal_size().columns - 1]
        self.stream.write(f"\r\x1b[K{line}")
        self.stream.flush()

    def clear(self) -> None:
        self.stream.write("\r\x1b[K")
        self.stream.flush()


class Notebook:
    """A bar that is drawn again in its place."""

    def __init__(self, display: Callable, html: Callable):
        self.display, self.html, self.handle = display, html, None

    def show(self, run: Run) -> None:
        bar = f'<progress max="{run.total or 1}" value="{run.done if run.total else 0}"></progress>'
        drawn = self.html(f"{bar} {escape(told(run, monotonic()))}")
        if self.handle is None:
            self.handle = self.display(drawn, display_id=True)
        else:
            self.handle.update(drawn)

    def clear(self) -> None:
        if self.handle is not None:
            self.handle.update(self.html(""))


CURRENT: list[Run] = []  # the run that is shown, then those inside of it, inward
SHOWN: list[Terminal | Notebook] = []  # where it is shown


def told(run: Run, now: float) -> str:
    """The run, and the innermost of those inside of it with the names of all on the way."""
    inner = [one for one in CURRENT[1:] if one.title]
    way = "".join(f"{one.title}, " for one in inner[:-1])
    return "; ".join([run.line(now), *(f"{way}{one.line(now)}" for one in inner[-1:])])


@contextmanager
def watched(title: str) -> Iterator[None]:
    """Whatever is done inside, shown where somebody looks."""
    surface = None if CURRENT else _surface()
    if surface is None and not CURRENT:
        yield
        return
    run, over = Run(title), threading.Event()
    with _inside(run):
        if surface is None:
            yield
            return
        SHOWN.append(surface)
        thread = threading.Thread(target=_shown, args=(run, surface, over), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            SHOWN.clear()


@contextmanager
def unseen() -> Iterator[None]:
    """Whatever is done inside has no line: another process, or a bar, tells of it."""
    with _inside(Run("")):
        yield


@contextmanager
def _inside(run: Run) -> Iterator[None]:
    CURRENT.append(run)
    try:
        yield
    finally:
        CURRENT.remove(run)


def aside() -> None:
    """Something is printed now: the line gives way, and comes again below it."""
    for surface in SHOWN:
        surface.clear()


def counted(what: str, items: Iterable[T], ks: range | None = None) -> Iterator[T]:
    """The items; each is told once it is there, as one of `ks`, where that is known."""
    runs = begin(what, ks)
    for item in items:
        for run in runs:
            run.done += 1
        yield item


def begin(what: str, ks: range | None = None) -> list[Run]:
    """Another part of the innermost run begins.  Returns that run, where there is one."""
    for run in CURRENT[-1:]:
        is_new = run.what != what
        run.what, run.total = what, ks.stop if ks else 0
        if is_new:
            run.done, run.since = ks.start if ks else 0, monotonic()
    return CURRENT[-1:]


def parts(what: str, items: Iterable[T], total: int) -> Iterator[T]:
    """The items of one long step of the run, which is told of again when they are over."""
    with during(what, total):
        yield from counted(what, items, range(total))


HEARERS: list[Callable[[str, bool], Any]] = []  # hearer(stage, whether it begins), of each


@contextmanager
def during(what: str, total: int = 0) -> Iterator[None]:
    """One long step of the run, which is told of again when it is over."""
    before = [(run, run.what, run.done, run.total, run.since) for run in CURRENT[-1:]]
    begin(what, range(total) if total else None)
    for hearer in HEARERS:
        hearer(what, True)
    try:
        yield
    finally:
        for hearer in HEARERS:
            hearer(what, False)
        for run, was, done, most, since in before:
            run.what, run.done, run.total, run.since = was, done, most, since


def _shown(run: Run, surface: Terminal | Notebook, over: threading.Event) -> None:
    wait = WAIT
    while not over.wait(wait):
        surface.show(run)
        wait = AGAIN
    if wait != WAIT:
        surface.clear()


def _surface() -> Terminal | Notebook | None:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is not None:
        from IPython.display import HTML, display  # pyright: ignore[reportMissingImports]

        return Notebook(display, HTML)
    is_seen = getattr(sys.stderr, "isatty", lambda: False)
    return Terminal(sys.stderr) if is_seen() else None
