"""How far a long run has come: after two seconds one line, where a person is looking.

In a terminal it is a line on stderr that is written over, and gone at the end; in a notebook a bar;
in a pipe, in a file and under pytest there is none.  What is told: which part of the run, how many
are done, how many are left, and how long those take, if they take as long as those before; then the
step that is under way; behind it the same of what is under way inside of that.  Before the first of
them is done, the time left is that of the step, and is called so.
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

from .time_left import Item, Part, Step, in_words, whole_left

T = TypeVar("T")
WAIT, AGAIN = 2.0, 0.5  # seconds until the first line, and between two
STARTS, OF_STEP = "starts", " of this stage"


@dataclass(eq=False)
class Run:
    """What is under way; `total` is 0 where nobody knows."""

    title: str
    what: str = STARTS
    done: int = 0
    total: int = 0
    since: float = field(default_factory=lambda: monotonic())
    first: int = 0  # of those done, those that were done when it began
    latest: float | None = None  # when the last of them was done
    then: str = ""  # what comes after it
    around: tuple[Part, ...] = ()  # what this is a step of, outermost first
    steps: tuple[Step, ...] = ()  # of the item of the outermost that is under way
    before: Item | None = None  # the item before that

    @property
    def part(self) -> Part:
        """What is counted now."""
        latest = self.since if self.latest is None else self.latest
        return Part(self.what, self.done, self.total, self.first, self.since, latest)

    @property
    def whole(self) -> Part:
        """The outermost of what is counted."""
        return (*self.around, self.part)[0]

    def line(self, now: float) -> str:
        """What is innermost: "gradient: 12 of 16 cases, about 3 s left"."""
        return f"{self.title}: {_with(self.part.said(), self.part.left(now))}"

    def told(self, now: float) -> str:
        """ "gradient: 12 of 16 cases, about 3 min left; the running bound"."""
        whole, step = self.whole, self.part
        if not self.around:
            return f"{self.line(now)}{self._then(step.left(now))}"
        left = whole_left(whole, self.steps, self.before, now)
        said = _with(whole.said(), left) + self._then(left)
        is_told = whole.total or whole.done or whole.what != STARTS
        inner = step.said() if left is not None else _with(step.said(), step.left(now), OF_STEP)
        return f"{self.title}: {said}; {inner}" if is_told else f"{self.title}: {inner}"

    def _then(self, left: float | None) -> str:
        return f", then {self.then}" if self.then and left is not None else ""

    def counted(self) -> None:
        """One more is done."""
        now = monotonic()
        if not self.around:
            self.before = Item(self.steps, now - self.part.latest)
            self.steps = ()
        self.latest = now
        self.done += 1

    def enter(self, what: str, ks: range | None) -> int:
        """A step begins, inside of what is counted now.  Returns how deep that stands."""
        depth, now = len(self.around), monotonic()
        if not depth:
            self.steps = (*self.steps, Step(what, now - self.part.latest))
        self.around = (*self.around, self.part)
        self.what = ""
        self.begin(what, ks)
        return depth

    def leave(self, depth: int) -> None:
        """The step is over, and all inside of it; what it stands in is counted on."""
        if depth >= len(self.around):  # over already: a loop was left in the middle
            return
        last, self.around = self.around[depth], self.around[:depth]
        self.what, self.done, self.total, self.first, self.since, self.latest = last
        if not depth and self.steps:
            ends = monotonic() - last.latest
            self.steps = (*self.steps[:-1], self.steps[-1]._replace(ends=ends))

    def begin(self, what: str, ks: range | None) -> None:
        """This is counted from now on, but where it was already: then only to another end."""
        is_new = self.what != what
        self.what, self.total = what, ks.stop if ks else 0
        if is_new:
            self.done = self.first = ks.start if ks else 0
            self.since, self.latest = monotonic(), None
            if not self.around:
                self.steps, self.before = (), None


def _with(said: str, left: float | None, of: str = "") -> str:
    return said if left is None else f"{said}, {in_words(left)}{of}"


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
        part = run.whole
        share = f'max="{part.total or 1}" value="{part.done if part.total else 0}"'
        bar = f"<progress {share}></progress>"
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
    return "; ".join([run.told(now), *(f"{way}{one.told(now)}" for one in inner[-1:])])


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


def counted(what: str, items: Iterable[T], ks: range | None = None, then: str = "") -> Iterator[T]:
    """The items; each is told once it is there, as one of `ks`, where that is known.

    `then` is what comes after them, and takes nobody knows how long.
    """
    runs = begin(what, ks, then)
    for item in items:
        for run in runs:
            run.counted()
        yield item


def begin(what: str, ks: range | None = None, then: str = "") -> list[Run]:
    """Another part of the innermost run begins.  Returns that run, where there is one."""
    for run in CURRENT[-1:]:
        run.begin(what, ks)
        run.then = run.then if run.around else then
    return CURRENT[-1:]


def parts(what: str, items: Iterable[T], total: int) -> Iterator[T]:
    """The items of one long step of the run, which is told of again when they are over."""
    with during(what, total):
        yield from counted(what, items, range(total))


HEARERS: list[Callable[[str, bool], Any]] = []  # hearer(stage, whether it begins), of each


@contextmanager
def during(what: str, total: int = 0) -> Iterator[None]:
    """One long step of the run, which is told of again when it is over."""
    runs = [(run, run.enter(what, range(total) if total else None)) for run in CURRENT[-1:]]
    for hearer in HEARERS:
        hearer(what, True)
    try:
        yield
    finally:
        for hearer in HEARERS:
            hearer(what, False)
        for run, depth in runs:
            run.leave(depth)


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
