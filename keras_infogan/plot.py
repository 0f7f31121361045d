"""Figures of a model and of its training, for notebooks and scripts.

Each function returns a Matplotlib figure, which notebooks display and
`figure.savefig("x.png")` saves. The reports of a run are drawn by the same
functions.

    import keras_infogan
    from keras_infogan import plot

    model = keras_infogan.load_model("mnist")
    plot.grid(model.generate(100))
    plot.categories(model, "category")
    plot.traversal(model, "pose")

| function | shows |
|---|---|
| `grid(images)` | images side by side, with labels |
| `categories(model, code)` | generated images, a row for each category |
| `traversal(model, code, index)` | generated images along one dimension |
| `curves(log)` | losses and mutual information during training |
| `confusion(report)` | classes and categories of test images |
| `attributes(report)` | what each code changes |
"""

from keras_infogan.reports.figures import plot_grid as grid
from keras_infogan.reports.grids import plot_categories as categories
from keras_infogan.reports.grids import plot_traversal as traversal
from keras_infogan.reports.plots import plot_attributes as attributes
from keras_infogan.reports.plots import plot_confusion as confusion
from keras_infogan.reports.plots import plot_curves as curves

__all__ = [
    "attributes",
    "categories",
    "confusion",
    "curves",
    "grid",
    "traversal",
]
