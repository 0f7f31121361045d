"""What is compared: a run's report, and what its networks make of MNIST."""

import json
from pathlib import Path

import numpy as np
from independent import formulas
from scipy.optimize import linear_sum_assignment

import keras_infogan
from keras_infogan.evaluation.feature_extractor import load_feature_extractor

NUM_SAMPLES = 10_000


class Comparison:
    """Prints numbers side by side, and counts those that differ."""

    def __init__(self) -> None:
        self.num_faults = 0

    def __call__(
        self, name: str, theirs: float, ours: float, slack: float
    ) -> None:
        fits = abs(theirs - ours) <= slack
        self.num_faults += not fits
        print(
            f"{name:28} report {theirs:10.5f}  again {ours:10.5f}  "
            f"{'ok' if fits else 'DIFFERS'}"
        )


class Run:
    """A run's report, and what its networks make of MNIST.

    Args:
        folder: The run directory.
    """

    def __init__(self, folder: Path) -> None:
        self.report = json.loads((folder / "report.json").read_text())
        self.model = keras_infogan.load_model(folder)
        self.spec = self.model.latent_spec
        self.num_categories = self.spec.codes["category"].dim
        # All of them are uniform in the presets on MNIST.
        self.continuous = [x for x in self.spec.codes if x != "category"]
        self.train, self.train_labels = formulas.read_mnist("train")
        self.test, self.test_labels = formulas.read_mnist("t10k")
        self.train_table = self._table(self.train, self.train_labels)
        self.table = self._table(self.test, self.test_labels)
        # Rows are classes, columns are categories.
        self.rows, self.columns = linear_sum_assignment(-self.train_table)
        self._generate()
        # The extractor is found by the content of the data.
        self.extractor = load_feature_extractor(
            keras_infogan.open_images("mnist")
        )

    def encode(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return self.model.discriminator.predict(
            images, batch_size=250, verbose=0
        )

    def _table(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        found = self.encode(images)["category_logits"].argmax(1)
        return formulas.counts(labels, found, self.num_categories)

    def _generate(self) -> None:
        """Draws latents by NumPy, and generates their images."""
        generator = np.random.default_rng(12345)
        size = self.num_categories
        self.category = generator.integers(0, size, NUM_SAMPLES)
        noise = generator.normal(size=(NUM_SAMPLES, self.spec.noise_dim))
        inputs = {"noise": noise, "category": np.eye(size)[self.category]}
        for name in self.continuous:
            dim = self.spec.codes[name].dim
            inputs[name] = generator.uniform(-1, 1, (NUM_SAMPLES, dim))
        self.inputs = {key: x.astype("float32") for key, x in inputs.items()}
        self.images = self.model.generator.predict(
            self.inputs, batch_size=250, verbose=0
        )
