"""The files of verification with each function held to its annotations, kept as bytecode."""

import ast
import hashlib
import marshal
import os
import re
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from importlib.util import cache_from_source
from pathlib import Path
from types import CodeType

WAY = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]  # of holding: this file's
BEFORE = ast.parse("""from beartype import beartype as __held__
def __own__(method, cls):
    hints = method.__annotations__.items()
    method.__annotations__ = {k: cls if v == cls.__name__ else v for k, v in hints}
    return __held__(method)
""").body


class Held(SourceFileLoader):
    """A file of verification, each function of which is held to its annotations.

    jaxtyping does it where shapes are annotated (pyproject.toml); it binds the arguments of every
    call and makes two functions of each, which elsewhere took two thirds of the suite's time.
    """

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        kept = Path(cache_from_source(path, optimization=f"held{WAY}"))
        at = os.stat(path)
        mark = (at.st_mtime_ns, at.st_size)
        if kept.exists():
            found, code = marshal.loads(kept.read_bytes())
            if found == mark:
                return code
        code = held(self.get_data(path), path)
        if not sys.dont_write_bytecode:
            kept.parent.mkdir(exist_ok=True)
            aside = kept.with_suffix(f".{os.getpid()}")  # workers do it at once
            aside.write_bytes(marshal.dumps((mark, code)))
            aside.replace(kept)
        return code

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        """Before pytest does, which would rewrite the assertions of a plugin's package."""
        spec = PathFinder.find_spec(name, path) if name.split(".")[0] == "verification" else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = cls(spec.loader.name, spec.loader.path)
        return spec


def held(source: bytes, path: str) -> CodeType:
    """The code of a file in which beartype decorates what has annotations."""
    tree = ast.parse(source, path)
    unknown = for_readers(tree)
    later = own(tree)
    for node in ast.walk(tree):
        by = ast.Name("__held__", ast.Load())
        if isinstance(node, ast.FunctionDef) and annotated(node, unknown) and node not in later:
            node.decorator_list.append(by)
        if isinstance(node, ast.ClassDef) and "dataclass" in map(called, node.decorator_list):
            node.decorator_list.insert(0, by)
    tree.body[1:1] = BEFORE  # below the docstring, which every file has
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


def own(tree: ast.Module) -> set[ast.FunctionDef]:
    """The methods that name their own class: they are held to it once it is there.

    Where it is but a name in quotes, beartype looks that up in every call: a tenth of all updates.
    """
    methods: set[ast.FunctionDef] = set()
    for place, node in reversed([*enumerate(tree.body)]):
        if isinstance(node, ast.ClassDef):
            functions = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            ours = [n for n in functions if not n.decorator_list and node.name in all_words(n)]
            lines = [
                f"{node.name}.{n.name} = __own__({node.name}.{n.name}, {node.name})" for n in ours
            ]
            tree.body[place + 1 : place + 1] = ast.parse("\n".join(lines)).body
            methods.update(ours)
    return methods


def all_words(node: ast.FunctionDef) -> set[str]:
    arguments = [n.annotation for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    return set().union(*map(words, [node.returns, *arguments]))


def annotated(node: ast.FunctionDef, unknown: set[str]) -> bool:
    """Whether there is anything to hold it to, once what names an unknown is off."""
    arguments = [n for n in ast.walk(node.args) if isinstance(n, ast.arg)]
    for argument in arguments:
        if words(argument.annotation) & unknown:
            argument.annotation = None
    if words(node.returns) & unknown:
        node.returns = None
    return any([node.returns, *(n.annotation for n in arguments)])


def words(annotation: ast.expr | None) -> set[str]:
    """Those in quotes: names that are looked up when all is loaded."""
    quoted = [] if annotation is None else ast.walk(annotation)
    texts = [n.value for n in quoted if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return {word for text in texts for word in re.findall(r"\w+", text)}


def for_readers(tree: ast.Module) -> set[str]:
    """What a file imports for type checkers alone, to start without it."""
    blocks = [n for n in tree.body if isinstance(n, ast.If) and called(n.test) == "TYPE_CHECKING"]
    imports = [n for b in blocks for n in b.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for n in imports for alias in n.names}


def called(expression: ast.expr) -> str:
    return ast.unparse(expression).split("(")[0]
