"""A declaration of a C header, or of a C file, read by pycparser: structs, enums, typedefs and all.

Headers of the system are taken to be empty; the types that they would bring are said here.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ..vocabulary.extras import missing
from .c_signature import DTYPES, OPAQUE, Parameter, Signature, value

SYSTEM = (  # headers that are taken to be empty
    *("assert", "complex", "ctype", "errno", "fcntl", "float", "inttypes", "limits", "locale"),
    *("malloc", "math", "memory", "omp", "pthread", "setjmp", "signal", "stdalign", "stdarg"),
    *("stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib", "stdnoreturn", "string"),
    *("strings", "tgmath", "time", "unistd", "sys/stat", "sys/time", "sys/types"),
)
TYPES = (
    *("int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t"),
    *("size_t", "ssize_t", "ptrdiff_t", "intptr_t", "uintptr_t", "bool", "_Float16"),
    *("FILE", "time_t", "clock_t", "va_list", "pthread_t"),
)
PRELUDE = "".join(f"typedef int {name};\n" for name in TYPES)
GNU = (
    *("__attribute__(x)=", "__asm__(x)=", "__declspec(x)=", "__extension__=", "__const=const"),
    *("__restrict=restrict", "__restrict__=restrict", "__inline=inline", "__inline__=inline"),
)


def signature_in(header: str | Path, name: str) -> Signature:
    """The declaration of the function `name` in a file.

    Raises FileNotFoundError for a file that is not there, ModuleNotFoundError with what to install
    where there is no pycparser, ValueError, in a sentence, for what cannot be read.
    """
    file = Path(header)
    if not file.is_file():
        raise FileNotFoundError(f"header is {str(header)!r}; there is no such file")
    declared = Declared(_parsed(file), file.name)
    return declared.signature(name)


def _parsed(file: Path) -> Any:
    try:
        from pycparser import c_parser  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"header: {missing(error)}", name=error.name) from None
    text = PRELUDE + _preprocessed(file)
    try:
        return c_parser.CParser().parse(text, file.name)
    except Exception as error:  # pycparser's own, which has no stable place
        raise ValueError(f"header {file.name!r} cannot be read by pycparser: {error}") from None


def _preprocessed(file: Path) -> str:
    """By the C compiler; where there is none, without what begins with #."""
    if shutil.which("cc") is None:
        return re.sub(r"^\s*#.*?(?<!\\)$", "", file.read_text("utf-8"), flags=re.M)
    with tempfile.TemporaryDirectory() as room:
        for name in SYSTEM:
            place = Path(room, f"{name}.h")
            place.parent.mkdir(exist_ok=True)
            place.touch()
        words = ["cc", "-E", "-P", "-nostdinc", "-I", room, "-I", str(file.parent.absolute())]
        words += [part for definition in GNU for part in ("-D", definition)]
        done = subprocess.run([*words, str(file)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        why = next((line for line in done.stderr.splitlines() if "error" in line), "no reason")
        raise ValueError(f"header {file.name!r} cannot be preprocessed: {why}")
    return done.stdout


class Declared:
    """What a file declares: functions, types, and the numbers of enums."""

    def __init__(self, tree: Any, file: str):
        self.file = file
        self.functions: dict[str, Any] = {}
        self.types: dict[str, Any] = {}
        self.structs: dict[str, Any] = {}
        self.numbers: dict[str, int] = {}
        self.opened: list[str] = []  # structs whose members are being read
        for node in tree.ext:
            node = getattr(node, "decl", node)  # of a definition
            self._learn(node)

    def _learn(self, node: Any) -> None:
        kind = type(node).__name__
        if kind == "Typedef" and node.name not in TYPES:
            self.types[node.name] = node.type
        if kind == "Decl" and type(node.type).__name__ == "FuncDecl":
            self.functions[node.name] = node.type
        self._inside(getattr(node, "type", None))

    def _inside(self, node: Any) -> None:
        """Structs and enums that are declared on the way."""
        kind = type(node).__name__
        if kind == "Struct" and node.decls:
            self.structs[node.name] = node
            for member in node.decls:
                self._inside(member.type)
        elif kind == "Enum" and node.values:
            self._count(node)
        elif kind in ("TypeDecl", "PtrDecl", "ArrayDecl"):
            self._inside(node.type)

    def _count(self, node: Any) -> None:
        number = -1
        for one in node.values.enumerators:
            said = number + 1 if one.value is None else value(_text(one.value), self.numbers)
            if said is None:
                raise ValueError(f"header {self.file!r}: the value of {one.name} cannot be read")
            number = self.numbers[one.name] = said

    def signature(self, name: str) -> Signature:
        if name not in self.functions:
            known = ", ".join(list(self.functions)[:12]) or "none"
            raise ValueError(f"header {self.file!r} declares no {name!r}; it declares {known}")
        function = self.functions[name]
        given = [] if function.args is None else function.args.params
        parameters = tuple(
            self._parameter(p.name, p.type, top=True) for p in given if getattr(p, "name", None)
        )
        result = self._parameter("", function.type, top=True)
        kind = "pointer" if result.pointers else "struct" if result.members else result.kind
        return Signature(name, kind, parameters, self.numbers)

    def _parameter(self, name: str, node: Any, top: bool = False) -> Parameter:
        pointers, constant, dimensions = 0, False, []
        while type(node).__name__ in ("PtrDecl", "ArrayDecl", "TypeDecl"):
            if type(node).__name__ == "PtrDecl":
                pointers += 1
            elif type(node).__name__ == "ArrayDecl":
                dimensions.append(_text(node.dim) if node.dim is not None else "")
            else:
                constant |= "const" in node.quals
                names = getattr(node.type, "names", ())
                if len(names) == 1 and names[0] in self.types:
                    node = self.types[names[0]]
                    continue
            node = node.type
        shape = tuple(self._number(d) for d in dimensions if d)
        if top and dimensions:
            pointers = max(pointers, 1)
        inline = 0 if top or pointers or not dimensions else self._entries(name, shape)
        if type(node).__name__ == "Struct":
            return self._struct(name, node, pointers, constant)
        return Parameter(name, self._kind(name, node), pointers, constant, shape, (), inline)

    def _number(self, dimension: str) -> str:
        known = value(dimension, self.numbers)
        return dimension if known is None else str(known)

    def _entries(self, name: str, shape: tuple[str, ...]) -> int:
        count = 1
        for dimension in shape:
            if not dimension.isdigit():
                raise ValueError(f"header {self.file!r}: the length of {name} is no number")
            count *= int(dimension)
        return count

    def _struct(self, name: str, node: Any, pointers: int, constant: bool) -> Parameter:
        full = node if node.decls else self.structs.get(node.name)
        if pointers and (full is None or pointers > 1 or full.name in self.opened):
            return Parameter(name, OPAQUE, pointers, constant)
        if full is None:
            raise ValueError(f"header {self.file!r}: the struct of {name} has no members here")
        self.opened.append(full.name)
        members = tuple(self._parameter(f"{name}.{m.name}", m.type) for m in full.decls)
        self.opened.pop()
        return Parameter(name, "struct", pointers, constant, (), members)

    def _kind(self, name: str, node: Any) -> str:
        if type(node).__name__ == "Enum":
            return "int"
        if type(node).__name__ == "FuncDecl":
            return OPAQUE
        words = " ".join(w for w in getattr(node, "names", ("union",)) if w != "signed") or "int"
        kind = words.removesuffix(" int") if words.startswith("long") else words
        if kind not in DTYPES and kind != OPAQUE:
            raise ValueError(f"header {self.file!r}: {name} is of type {words!r}, which is unknown")
        return kind


def _text(node: Any) -> str:
    from pycparser.c_generator import CGenerator  # pyright: ignore[reportMissingImports]

    return CGenerator().visit(node)
