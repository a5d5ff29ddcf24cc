"""Gradients by hand in somebody's files, found by their text alone: nothing is imported.

custom_vjp, custom_jvp   decorated, or f = jax.custom_vjp(f)
autograd.Function        subclasses
backward by hand         functions called backward..., grad_..., d_..., ..._gradient, ..._bwd
update rule              functions called ...update or ...step that take gradients, or make such
of classes               methods of these names, see found_in_classes.py
"""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..vocabulary.progress import counted
from .found_in_classes import is_update, makes_rule, methods

SKIPPED = {"tests", "test", "node_modules", "build", "dist", "site-packages", "__pycache__"}
CUSTOM = ("custom_vjp", "custom_jvp")
BY_HAND = re.compile(r"^(backward\w*|grad_\w+|gradient\w*|d_\w+|\w+_(grad|gradient|backward|bwd))$")
AFFIX = re.compile(r"^(backward_?|grad_|gradient_?(of_)?|d_)|_(grad|gradient|backward|bwd)$")
COTANGENT = re.compile(r"^(d|g|dy|dz|da|dout|grad\w*|cotangent\w*|upstream\w*|ct|g_out|v)$")
CACHE = re.compile(r"^(cache\w*|ctx|saved\w*|residuals?|context|memory)$")
SAMPLER = re.compile(r"^(sample|sampler|draw|sample_args|args)$")
UPDATE = re.compile(r"^(\w*_)?(update|step)$")
GRADIENTS = {"grad", "grads", "gradient", "gradients", "g", "dw"}


class Found(NamedTuple):
    """One gradient, or update rule."""

    file: str  # relative to the repository
    line: int
    name: str
    kind: str
    parameters: tuple[tuple[str, str], ...]  # name, annotation
    forward: str  # the function that it seems to be the gradient of; empty where none is near
    owner: str = ""  # the class of which it is a method
    taken: tuple[str, ...] = ()  # what the function of `forward` takes
    returned: int = 1  # how many things it returns
    given: tuple[str, ...] = ()  # parameters that have a default
    sampler: str = ""  # a function of the file that draws from a generator

    @property
    def module(self) -> str:
        return ".".join(Path(self.file).with_suffix("").parts).removesuffix(".__init__")

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """The parameters without what arrives from above."""
        names = [name for name, _ in self.parameters]
        by_hand = self.kind == "backward by hand" and len(names) > 1
        has_above = by_hand and COTANGENT.match(names[-1])
        return self.parameters[:-1] if has_above else self.parameters

    @property
    def cached(self) -> bool:
        """Whether it takes what arrives from above, and then what its forward pass kept."""
        names = [name for name, _ in self.parameters]
        is_pair = self.kind == "backward by hand" and len(names) == 2 and not self.owner
        above = is_pair and self.forward and COTANGENT.match(names[0])
        return bool(above and CACHE.match(names[1]) and self.taken)

    @property
    def slug(self) -> str:
        whole = "_".join(filter(None, (self.module, self.owner, self.name)))
        return re.sub(r"\W+", "_", whole.lower()).strip("_")

    @property
    def title(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def found_in(folder: Path) -> list[Found]:
    """All of them, file by file; files that Python cannot read are passed over."""
    files = list(_files(folder))
    looks = (list(_in_file(file, folder)) for file in files)
    return list(chain.from_iterable(counted("files", looks, range(len(files)))))


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in SKIPPED for part in parts[:-1])
        is_test = parts[-1].startswith(("test_", "conftest", "setup")) or file.stem.endswith(
            "_test"
        )
        if not hidden and not is_test:
            yield file


def _in_file(file: Path, folder: Path) -> Iterator[Found]:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    wrapped = _wrapped(tree)
    rules = _parts_of_rules(tree)
    place = file.relative_to(folder).as_posix()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_ends(b, "Function") for b in node.bases):
            forward = next((m for m in node.body if _is(m, "forward")), None)
            taken = _parameters(forward)[1:] if isinstance(forward, ast.FunctionDef) else ()
            yield Found(place, node.lineno, node.name, "autograd.Function", taken, "")
        elif isinstance(node, ast.ClassDef):
            for one in methods(node):
                taken = tuple((name, "") for name in one.parameters)
                yield Found(place, one.line, one.name, one.kind, taken, one.forward, one.owner)
        if not isinstance(node, ast.FunctionDef) or node.name in rules:
            continue
        custom = wrapped.get(node.name) or _custom(node)
        kind = custom or _kind(node)
        if kind:
            forward = "" if custom else _forward_of(node.name, functions)
            found = Found(place, node.lineno, node.name, kind, _parameters(node), forward)
            yield found._replace(
                taken=tuple(name for name, _ in _parameters(functions[forward])) if forward else (),
                returned=_returned(node),
                given=_given(node),
                sampler=_sampler(functions) if forward else "",
            )


def _is(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _kind(node: ast.FunctionDef) -> str:
    names = {name for name, _ in _parameters(node)}
    if (
        makes_rule(node)
        or is_update(node.name, tuple(names))
        or (UPDATE.match(node.name) and names & GRADIENTS)
    ):
        return "update rule"
    return "backward by hand" if BY_HAND.match(node.name) else ""


def _custom(node: ast.FunctionDef) -> str:
    """ "custom_vjp" where it is decorated so, also by partial(jax.custom_vjp, ...)."""
    for decorator in node.decorator_list:
        for part in ast.walk(decorator):
            for kind in CUSTOM:
                if _ends(part, kind):
                    return kind
    return ""


def _wrapped(tree: ast.Module) -> dict[str, str]:
    """name -> kind, of f = jax.custom_vjp(...)."""
    calls = [n for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    found: dict[str, str] = {}
    for node in calls:
        assert isinstance(node.value, ast.Call)
        for kind in CUSTOM:
            if _ends(node.value.func, kind):
                found |= {a.id: kind for a in node.value.args if isinstance(a, ast.Name)}
    return found


def _parts_of_rules(tree: ast.Module) -> set[str]:
    """Functions that were handed to defvjp or defjvp: judged with the function they belong to."""
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    rules = (n for n in calls if _ends(n.func, "defvjp") or _ends(n.func, "defjvp"))
    return {a.id for n in rules for a in n.args if isinstance(a, ast.Name)}


def _ends(node: ast.AST, name: str) -> bool:
    said = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return said == name


def _parameters(node: ast.FunctionDef) -> tuple[tuple[str, str], ...]:
    every = (*node.args.posonlyargs, *node.args.args)
    return tuple((a.arg, ast.unparse(a.annotation) if a.annotation else "") for a in every)


def _given(node: ast.FunctionDef) -> tuple[str, ...]:
    """The parameters that have a default."""
    every = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    alone = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    by_name = (a.arg for a, default in alone if default is not None)
    return (*every[len(every) - len(node.args.defaults) :], *by_name)


def _returned(node: ast.FunctionDef) -> int:
    """How many things its last return gives; 0 without one."""
    values = [n.value for n in node.body if isinstance(n, ast.Return) and n.value is not None]
    last = values[-1] if values else None
    return len(last.elts) if isinstance(last, ast.Tuple) else int(last is not None)


def _sampler(functions: dict[str, ast.FunctionDef]) -> str:
    """A function of one generator, such as sample(rng)."""
    fits = lambda node: [name for name, _ in _parameters(node)] == ["rng"]
    return next((n for n, node in functions.items() if SAMPLER.match(n) and fits(node)), "")


def _forward_of(name: str, functions: dict[str, ast.FunctionDef]) -> str:
    """The name without what says that it is a gradient, if there is such a function."""
    bare = AFFIX.sub("", name)
    for guess in (bare, f"{bare}_forward", f"forward_{bare}", "loss", "forward"):
        if guess in functions and guess != name:
            return guess
    return ""
