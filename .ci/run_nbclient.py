"""Executes the main notebooks with nbclient; the first error, a cell that shows nothing or a lost output stops it."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

folder = Path(sys.argv[1])


def execute(notebook):
    """Again where another program, of which tests start many, has taken a port between its choice and its use."""
    for attempt in (1, 2, 3):
        try:
            resources = {"metadata": {"path": str(folder)}}
            NotebookClient(notebook, timeout=900, kernel_name="deno", resources=resources).execute()
            return
        except RuntimeError as error:
            if attempt == 3 or "before replying to kernel_info" not in str(error):
                raise


for path in sorted(folder.glob("0[1-5]_*.ipynb")):  # 06 trains for hours
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    execute(notebook)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        shown = sum("progress" not in output.get("metadata", {}).get("ham10000", {}) for output in cell.outputs)
        calls = sum(line.startswith("await show(") for line in cell.source.splitlines())  # not within an if
        least = 0 if "parameters" in cell.metadata.get("tags", []) else max(calls, 1)
        if shown < least:
            sys.exit(f"{path.name}, cell {cell.id}: expected {least} outputs or more. Received: {shown}")
    figures = sum("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)
    print(f"{path.name}: {len(cells)} cells, {figures} pictures")
