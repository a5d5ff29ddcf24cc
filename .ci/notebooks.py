"""Notebooks, run from top to bottom without a kernel: python .ci/notebooks.py [NOTEBOOK]...

Each is run in one namespace, as Jupyter runs it after a restart, and written back with what its
cells print and show.  `outputs` is what a test compares, `markdown` what the site shows.
"""

import ast
import base64
import contextlib
import io
import json
import linecache
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "notebooks"
WIDTH = 640  # pixels of a figure on a page


def executed(book: dict) -> dict:
    """The notebook with the outputs of this run.  Raises what a cell raises."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            made = run("".join(cell["source"]), f"cell {count}", names)
            cell = {**cell, "execution_count": count, "outputs": made}
        cells.append(cell)
    return {**book, "cells": cells}


def run(source: str, name: str, names: dict[str, Any]) -> list[dict]:
    """What one cell prints, and the value of its last expression."""
    lines = source.splitlines(keepends=True)
    linecache.cache[name] = (len(source), None, lines, name)
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), names)
    told = printed.getvalue()
    stream = {"output_type": "stream", "name": "stdout", "text": told.splitlines(keepends=True)}
    shown = {"output_type": "display_data", "metadata": {}, "data": data(value)}
    return [*([stream] if told else []), *([shown] if value is not None else [])]


def data(value: Any) -> dict[str, Any]:
    """As Jupyter shows it: HTML, a picture, or text."""
    found: dict[str, Any] = {"text/plain": repr(value).splitlines(keepends=True)}
    if hasattr(value, "savefig"):
        drawn = io.BytesIO()
        value.savefig(drawn, format="png", dpi=100)
        return found | {"image/png": base64.b64encode(drawn.getvalue()).decode()}
    if hasattr(value, "_repr_html_"):
        found["text/html"] = value._repr_html_().splitlines(keepends=True)
    return found


def outputs(book: dict) -> list[str]:
    """What every run says alike: what is printed, and the one line of what is shown."""
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    made = [one for cell in cells for one in cell["outputs"]]
    text = lambda one: one.get("text") or one["data"]["text/plain"]
    return ["".join(text(one)) for one in made if "image/png" not in one.get("data", {})]


def markdown(book: dict) -> str:
    """The notebook as a page: its texts, its cells, and what they showed."""
    parts = []
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        parts += [page(one) for one in cell["outputs"]]
    return "\n\n".join(parts) + "\n"


def page(output: dict) -> str:
    given = output.get("data", {})
    if "text/html" in given:
        return "".join(given["text/html"])
    if "image/png" in given:
        return f'<img alt="" width="{WIDTH}" src="data:image/png;base64,{given["image/png"]}">'
    return f"```text\n{''.join(output.get('text') or given['text/plain'])}\n```"


def main(paths: list[str]) -> None:
    for path in map(Path, paths or sorted(FOLDER.glob("*.ipynb"))):
        book = executed(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(book, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
