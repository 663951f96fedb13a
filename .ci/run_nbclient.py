"""Executes the write-up's five notebooks with nbclient and the Deno kernel; the first error stops it, a lost output too."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

folder = Path(sys.argv[1])
for path in sorted(folder.glob("0[1-5]_*.ipynb")):  # 06 trains for hours
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=900, kernel_name="deno", resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        shown = len(cell.outputs)
        expected = sum(line.startswith("await show(") for line in cell.source.splitlines())  # not within an if
        if shown < expected:
            sys.exit(f"{path.name}, cell {cell.id}: expected {expected} outputs. Received: {shown}")
    figures = sum("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)
    print(f"{path.name}: {len(cells)} cells, {figures} pictures")
