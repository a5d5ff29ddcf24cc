"""A record written aside and renamed: a reader never sees half of it, and a kill loses no row."""

from pathlib import Path


def written(path: Path, text: str) -> None:
    """The text in the file of that path, whole, or the file as it was."""
    aside = path.with_suffix(f"{path.suffix}.new")
    aside.write_text(text)
    aside.replace(path)
