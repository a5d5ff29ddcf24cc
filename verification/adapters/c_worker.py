"""Call one function of a shared library, again and again, for somebody who must survive it.

    python -I -S c_worker.py LIBRARY FUNCTION SPECIFICATION

A program of its own that needs the standard library alone: one JSON line in, one out.  Arrays come
and go as base64.  Around each lies a border that must be there after the call as it was before.
"""

import base64
import ctypes
import json
import os
import sys

BORDER = bytes(range(1, 65))
UNWRITTEN = b"\xff"  # in every byte: NaN, for every format
TYPES = {
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "bool": ctypes.c_bool,
    "_Bool": ctypes.c_bool,
    "char": ctypes.c_int8,
    "int8_t": ctypes.c_int8,
    "uint8_t": ctypes.c_uint8,
    "unsigned char": ctypes.c_uint8,
    "int16_t": ctypes.c_int16,
    "uint16_t": ctypes.c_uint16,
    "short": ctypes.c_int16,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "int": ctypes.c_int,
    "unsigned": ctypes.c_uint,
    "unsigned int": ctypes.c_uint,
    "long": ctypes.c_long,
    "long long": ctypes.c_longlong,
    "unsigned long": ctypes.c_ulong,
    "size_t": ctypes.c_size_t,
    "ptrdiff_t": ctypes.c_ssize_t,
    "void": None,
}


def type_of(kind, pointers, inline, members):
    """The type of a parameter or member: [kind, pointers, entries inside a struct, members]."""
    if pointers:
        return ctypes.c_void_p
    if members:
        return struct_of(members)
    return TYPES[kind] * inline if inline else TYPES[kind]


STRUCTS = {}


def struct_of(members):
    """The struct of these members, laid out as the C compiler does; the same for the same."""
    key = json.dumps(members)
    if key not in STRUCTS:
        fields = [(f"member{k}", type_of(*member)) for k, member in enumerate(members)]
        STRUCTS[key] = type("Struct", (ctypes.Structure,), {"_fields_": fields})
    return STRUCTS[key]


class Array:
    """Memory for one array, within a border, aligned to 64 bytes."""

    def __init__(self, said):
        self.said = said
        fill = b"\0" if said.get("zeroed") else UNWRITTEN
        content = base64.b64decode(said["data"]) if "data" in said else fill * said["bytes"]
        size = len(BORDER)
        self.content, self.buffer = content, ctypes.create_string_buffer(len(content) + 3 * size)
        self.start = size + (-ctypes.addressof(self.buffer) - size) % size
        self.end = self.start + len(content)
        self.buffer[self.start - size : self.end + size] = BORDER + content + BORDER
        self.address = ctypes.addressof(self.buffer) + self.start
        rows = said["rows"]
        width = len(content) // rows if rows else 0
        self.rows = (ctypes.c_void_p * rows)(*(self.address + k * width for k in range(rows)))

    @property
    def pointer(self):
        return ctypes.addressof(self.rows) if self.said["rows"] else self.address

    def fault(self):
        """What the call did to it that it must not, in words."""
        name, size = self.said["name"], len(BORDER)
        around = (
            self.buffer[self.start - size : self.start],
            self.buffer[self.end : self.end + size],
        )
        if around != (BORDER, BORDER):
            return f"it wrote beyond {name}"
        changed = "data" in self.said and self.buffer[self.start : self.end] != self.content
        if changed and not self.said["is_output"]:
            if self.said["is_const"]:
                return f"it changed {name}, which is const"
            return f"it changed {name}, which is an input; where that is meant, it is an output too"
        return ""

    def text(self):
        return base64.b64encode(bytes(self.buffer[self.start : self.end])).decode()


def argument(spec, value, kept):
    """What is passed; arrays and structs that are pointed to are kept until after the call."""
    kind, pointers, inline, members = spec
    if members:
        made = struct_of(members)(
            *(argument(m, v, kept) for m, v in zip(members, value, strict=True))
        )
        kept.append(made)
        return ctypes.addressof(made) if pointers else made
    if pointers:
        if value is None:
            return None
        kept.append(Array(value))
        return kept[-1].pointer
    if inline:
        return (TYPES[kind] * inline)(*(value or ()))
    return TYPES[kind](value)


def call(function, specs, given):
    """[an argument for each parameter] -> the status, and the arrays that are outputs, by name."""
    kept = []
    status = function(*(argument(spec, x, kept) for spec, x in zip(specs, given, strict=True)))
    arrays = [one for one in kept if isinstance(one, Array)]
    faults = [fault for array in arrays if (fault := array.fault())]
    if faults:
        return {"error": faults[0]}
    outputs = {one.said["name"]: one.text() for one in arrays if one.said["is_output"]}
    shown = status.hex() if isinstance(status, float) else status
    return {"status": shown, "outputs": outputs}


def main(library: str, name: str, specs: list) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    result, specs = specs[0], specs[1:]
    try:
        function = getattr(ctypes.CDLL(library), name)
        refusal = ""
    except (OSError, AttributeError) as error:
        refusal = str(error)
    else:
        function.restype = TYPES[result]
        function.argtypes = [type_of(*spec) for spec in specs]
    for line in sys.stdin:
        answer = {"error": refusal} if refusal else call(function, specs, json.loads(line))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
