"""From a trained model and real images to a report of numbers."""

import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_infogan import __version__
from keras_infogan.data.dataset import ImageData
from keras_infogan.data.sampling import balanced_label_indices
from keras_infogan.evaluation.measures import MEASURES
from keras_infogan.evaluation.observations import Observations
from keras_infogan.models.infogan import InfoGAN

# The numbers may depend on their versions.
_LIBRARIES = ("tensorflow", "keras", "tensorflow-datasets", "numpy")


def evaluate(
    model: InfoGAN,
    train: ImageData,
    test: ImageData,
    *,
    seed: int = 0,
    cache_dir: Path | None = None,
    num_naming_labels: int | None = None,
    factored: ImageData | None = None,
) -> dict[str, Any]:
    """Measures what the codes of a model say about real images.

    Labels are used here and, unless the run was semi-supervised, nowhere else.
    What is fitted, the matching of categories and classes and the feature
    extractor, is fitted to the training split and reported on the test split.

    Args:
        model: The trained model.
        train: The training split.
        test: The test split.
        seed: Seed of the latents, and of the labels that name categories.
        cache_dir: Where the feature extractor of the data set is kept.
        num_naming_labels: Number of training labels, balanced by class, that
            name the categories in the code map; all by default.
        factored: Images with factors of variation, to measure disentanglement
            with: best, all combinations (`open_images(..., split="all",
            factors=True)`). It takes minutes.

    Returns:
        The results of all `MEASURES`, whose functions say what they are, and
        of what they were measured. Plain data but for the `code_map`, a
        `CodeMap`; `write_report` writes it.

    Raises:
        ValueError: If there are not as many labels, or too few for each class.
    """
    if num_naming_labels is not None:
        check_naming_labels(train, num_naming_labels)
    observations = Observations(
        model,
        train,
        test,
        seed=seed,
        cache_dir=cache_dir,
        num_naming_labels=num_naming_labels,
        factored=factored,
    )
    report: dict[str, Any] = {}
    for measure in MEASURES:
        report |= measure.run(observations, report)
    return {
        **report,
        "num_naming_labels": num_naming_labels,
        "dataset": train.name,
        "num_train_images": len(train.images),
        "num_test_images": len(test.images),
        "seed": seed,
        "versions": find_versions(),
    }


def find_versions() -> dict[str, str]:
    """The versions of this package and of what its numbers may depend on."""
    return {
        "keras-infogan": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def check_naming_labels(train: ImageData, num_naming_labels: int) -> None:
    """Raises a `ValueError` if so many labels cannot name the categories."""
    if train.labels is None:
        raise ValueError(
            f"{train.name} has no labels that could name categories. "
            f"Received: num_naming_labels={num_naming_labels}. Leave it out."
        )
    balanced_label_indices(
        train.labels, num_naming_labels, 0, argument="num_naming_labels"
    )
