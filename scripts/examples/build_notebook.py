"""Makes a notebook of a script with `# %%` cells, and runs it.

    python scripts/examples/build_notebook.py scripts/examples/infogan.py

Writes the `.ipynb` beside the script, with outputs. `--no-run` keeps those of
the notebook that is there, for changes that do not affect them.
"""

import argparse
import re
import tempfile
from pathlib import Path

import nbformat


def read_cells(source: str) -> list[nbformat.NotebookNode]:
    """Splits a script into cells; `# %% [markdown]` starts a text cell."""
    cells = []
    # What precedes the first marker belongs to no cell.
    for part in re.split(r"^# %%", source, flags=re.MULTILINE)[1:]:
        marker, _, body = part.partition("\n")
        body = body.strip("\n")
        if marker.strip() == "[markdown]":
            text = re.sub(r"^# ?", "", body, flags=re.MULTILINE)
            cells.append(nbformat.v4.new_markdown_cell(text))
        else:
            cells.append(nbformat.v4.new_code_cell(body))
    for number, cell in enumerate(cells):
        # Fixed, so that the same script gives the same notebook.
        cell["id"] = f"cell-{number}"
    return cells


def make_notebook(source: str) -> nbformat.NotebookNode:
    """Makes a notebook without outputs."""
    notebook = nbformat.v4.new_notebook(cells=read_cells(source))
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return notebook


def execute(notebook: nbformat.NotebookNode) -> None:
    """Runs all cells in an empty folder, and keeps stdout and figures."""
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=None,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        ).execute()
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)
        if "outputs" in cell:
            cell["outputs"] = clean(cell["outputs"])


def clean(
    outputs: list[nbformat.NotebookNode],
) -> list[nbformat.NotebookNode]:
    """Removes the logs of TensorFlow, which name folders and machines."""
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            lines = output.text.splitlines(keepends=True)
            output.text = "".join(
                line for line in lines if not line.startswith("INFO:")
            )
            if output.name == "stderr" or not output.text:
                continue
        kept.append(output)
    return kept


def keep_outputs(
    notebook: nbformat.NotebookNode, existing: nbformat.NotebookNode
) -> None:
    """Copies the outputs of a notebook with the same number of cells."""
    notebook.metadata = existing.metadata
    for cell, old in zip(notebook.cells, existing.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs = old.outputs
            cell.execution_count = old.execution_count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("script", type=Path)
    parser.add_argument(
        "--no-run", action="store_true", help="keep the existing outputs"
    )
    args = parser.parse_args()
    path = args.script.with_suffix(".ipynb")
    notebook = make_notebook(args.script.read_text())
    if args.no_run:
        keep_outputs(notebook, nbformat.read(path, as_version=4))
    else:
        execute(notebook)
    nbformat.write(notebook, path)
    print(f"Wrote {path}, {path.stat().st_size / 1024:.0f} KiB.")


if __name__ == "__main__":
    main()
