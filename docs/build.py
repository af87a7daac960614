"""Builds the site into `build/site`: `python docs/build.py`; `--execute` runs the tutorial anew."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import nbformat
from mkdocs.commands.build import build
from mkdocs.config import load_config
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
NOTEBOOK = DOCS / "tutorial.ipynb"
PICTURES = ("benchmarks/results/picture.png", "docs/page.png")
"""What pages show from elsewhere in the repository."""

_CELL_S = 300


def read_notebook() -> nbformat.NotebookNode:
    """The tutorial as it is kept."""
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, as_version=4)
    return notebook


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with the outputs of a fresh run in `docs/`.

    Raises:
        CellExecutionError: when a cell raises.
    """
    fresh: nbformat.NotebookNode = nbformat.from_dict(notebook)
    place = {"metadata": {"path": str(DOCS)}}
    NotebookClient(fresh, timeout=_CELL_S, coalesce_streams=True, resources=place).execute()
    for cell in fresh.cells:
        cell.metadata.pop("execution", None)  # when it ran
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data.pop("image/jpeg", None)  # the same picture again
    return fresh


def lay_pages(folder: Path) -> None:
    """Lays the pages as in the repository, so that their links hold, the tutorial as Markdown with its pictures."""
    pages = folder / "docs"
    pages.mkdir(parents=True)
    tutorial, resources = MarkdownExporter().from_filename(str(NOTEBOOK))
    tutorial = tutorial.replace("![png](", "![What the cell shows](")
    (pages / "tutorial.md").write_text(tutorial, encoding="utf-8")
    for name, picture in resources["outputs"].items():
        (pages / name).write_bytes(picture)
    shutil.copy(DOCS / "site.css", pages)
    for page in (ROOT / "README.md", *DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8").replace("tutorial.ipynb)", "tutorial.md)")
        (folder / page.relative_to(ROOT)).write_text(text, encoding="utf-8")
    for name in PICTURES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)


def build_site(pages: Path, site: Path) -> None:
    """Builds the site from pages that were laid out; a link that leads nowhere is an error."""
    build(load_config(str(DOCS / "mkdocs.yml"), docs_dir=str(pages), site_dir=str(site)))


def main() -> None:
    """Executes the tutorial if asked to, then builds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--execute", action="store_true", help="run the tutorial and keep its outputs in the notebook")
    if parser.parse_args().execute:
        nbformat.write(executed(read_notebook()), NOTEBOOK)
    pages = ROOT / "build" / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    lay_pages(pages)
    build_site(pages, ROOT / "build" / "site")


if __name__ == "__main__":
    main()
