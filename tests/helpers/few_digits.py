"""A tfds data set of a few images of MNIST."""

import tensorflow_datasets as tfds

from keras_infogan.data.dataset import ImageData


class FewDigits(tfds.core.GeneratorBasedBuilder):
    """The first MNIST images that tfds gives, few enough for whole runs."""

    VERSION = tfds.core.Version("1.0.0")
    digits: dict[str, ImageData] = {}

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(28, 28, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(split, count)
            for split, count in (("train", 640), ("test", 200))
        }

    def _generate_examples(self, split, count):
        data = self.digits[split]
        assert data.labels is not None
        for index in range(count):
            yield (
                index,
                {"image": data.images[index], "label": data.labels[index]},
            )
