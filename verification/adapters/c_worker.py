"""Call one function of a shared library, again and again, for somebody who must survive it.

    python -I -S c_worker.py LIBRARY FUNCTION KINDS

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
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "int": ctypes.c_int,
    "long": ctypes.c_long,
    "size_t": ctypes.c_size_t,
    "void": None,
}


def bordered(content: bytes):
    """A buffer, and the pointer to its content, which is aligned to 64 bytes."""
    size = len(BORDER)
    buffer = ctypes.create_string_buffer(len(content) + 3 * size)
    start = size + (-ctypes.addressof(buffer) - size) % size
    buffer[start - size : start] = BORDER
    buffer[start : start + len(content)] = content
    buffer[start + len(content) : start + len(content) + size] = BORDER
    return buffer, start


def call(function, kinds, given):
    """[scalar or array of bytes, how many bytes to write] -> what became of each array."""
    arguments, arrays = [], []
    for (name, kind, is_array, is_output), value in zip(kinds, given, strict=True):
        if not is_array:
            arguments.append(TYPES[kind](value))
            continue
        content = (b"\0" if value[1] else UNWRITTEN) * value[0] if is_output else decoded(value)
        buffer, start = bordered(content)
        arguments.append(ctypes.c_void_p(ctypes.addressof(buffer) + start))
        arrays.append((name, is_output, content, buffer, start))
    status = function(*arguments)
    outputs = []
    for name, is_output, content, buffer, start in arrays:
        end = start + len(content)
        if buffer[start - 64 : start] != BORDER or buffer[end : end + 64] != BORDER:
            return {"error": f"it wrote beyond {name}"}
        if is_output:
            outputs.append(base64.b64encode(buffer[start:end]).decode())
        elif buffer[start:end] != content:
            return {"error": f"it changed {name}, which is const"}
    return {"status": status, "outputs": outputs}


def decoded(text):
    return base64.b64decode(text)


def main(library: str, name: str, kinds: list) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    try:
        function = getattr(ctypes.CDLL(library), name)
        refusal = ""
    except (OSError, AttributeError) as error:
        refusal = str(error)
    else:
        function.restype = TYPES[kinds[0]]
        types = [ctypes.c_void_p if is_array else TYPES[kind] for _, kind, is_array, _ in kinds[1:]]
        function.argtypes = types
    for line in sys.stdin:
        answer = {"error": refusal} if refusal else call(function, kinds[1:], json.loads(line))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
