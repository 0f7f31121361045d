"""InfoGAN as a `keras.Model`: two networks that play against each other."""

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

# The layers register themselves, for files of models.
import keras_infogan.models.layers  # noqa: F401
from keras_infogan.latents.codes import Bernoulli
from keras_infogan.latents.codes import Categorical
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.adversarial import find_adversarial_loss
from keras_infogan.losses.objective import Objective
from keras_infogan.models.optimizers import INFORMATION_GRADIENTS
from keras_infogan.models.optimizers import build_optimizer
from keras_infogan.models.optimizers import split_variables
from keras_infogan.models.steps import Players
from keras_infogan.models.steps import compute_losses
from keras_infogan.models.steps import fused_update
from keras_infogan.models.steps import three_phase_update
from keras_infogan.models.validation import check_images
from keras_infogan.models.validation import check_networks
from keras_infogan.models.validation import has_batch_normalization

UPDATES = {"fused": fused_update, "three_phase": three_phase_update}
# A chunk of images that is worth a call and does not fill the memory.
INFERENCE_BATCH_SIZE = 500
# The second number of a key, so that no two uses of a seed draw the same.
_TRAINING, _INFERENCE, _TESTING = range(3)


def _key(seed: int, use: int) -> tf.Tensor:
    try:
        return tf.constant([seed, use], tf.int64)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(
            "`seed` should be a whole number of at most 64 bits. "
            f"Received: seed={seed!r}."
        ) from None


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(
            f"`{name}` should be one of {', '.join(choices)}. "
            f"Received: {name}={value!r}."
        )


@keras.saving.register_keras_serializable(package="keras_infogan")
class InfoGAN(keras.Model):
    """Information maximizing generative adversarial network.

    From [Chen et al., 2016](https://arxiv.org/abs/1606.03657). It learns from
    images alone. In place of images, `fit` also takes a mapping of `images` and
    of one or both of these: `partners`, as many images that should be of the
    same category, for an objective with an `invariance_weight`; and
    `labeled_images` with `labels`, of which it then trains the first
    categorical code as a classifier, beside everything else. Targets (`y`) and
    sample weights are ignored.

    The random numbers of a step are a function of `seed` and the number of the
    step, which is saved: a model that is saved, loaded and trained on the same
    batches ends as one that was not interrupted.

    Args:
        generator: Functional model from a dictionary of `noise` and codes to
            images in [-1, 1]; see `build_generator`.
        discriminator: Functional model from images to a dictionary of `logits`
            and the parameters of `Q(c|x)`; see `build_discriminator`.
        latent_spec: The noise and the codes.
        objective: The losses and their weights.
        information_gradient: `"trunk"` sends the gradient of the information
            through the whole discriminator, `"head"` into the layers alone that
            only `Q` uses. The generator gets it in both cases.
        update: `"fused"` takes the gradients of both networks from one forward
            pass and applies them at once; they are those of two separate
            phases at the same point. `"three_phase"` is the sequence of many
            implementations: `G` against `D`; `D`; then both for the information
            with fresh latents, each with an optimizer of its own.
        seed: Whole number.

    Example:
    ```python
    spec = LatentSpec(62, {"category": Categorical(10), "slant": Uniform(1)})
    model = InfoGAN(build_generator(spec), build_discriminator(spec), spec)
    model.compile()
    model.fit(images, batch_size=128)  # float32 (n, 28, 28, 1) in [-1, 1]
    ```
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_spec: LatentSpec,
        objective: Objective | None = None,
        *,
        information_gradient: str = "trunk",
        update: str = "fused",
        seed: int = 0,
        name: str = "infogan",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        objective = Objective() if objective is None else objective
        _check_choice("update", update, tuple(UPDATES))
        _check_choice(
            "information_gradient", information_gradient, INFORMATION_GRADIENTS
        )
        find_adversarial_loss(
            objective.adversarial_loss,
            label_smoothing=objective.label_smoothing,
        )
        objective.check_codes(latent_spec)
        check_networks(generator, discriminator, latent_spec)
        if objective.has_gradient_penalty and has_batch_normalization(
            discriminator
        ):
            raise ValueError(
                "Gradient penalties are defined image by image, so the "
                "discriminator should have no batch normalization. Received: "
                f"r1_weight={objective.r1_weight}, gradient_penalty_weight="
                f"{objective.gradient_penalty_weight}. Build the discriminator "
                'with normalization="layer".'
            )
        _key(seed, _TRAINING)
        self.generator = generator
        self.discriminator = discriminator
        self.latent_spec = latent_spec
        self.objective = objective
        self.information_gradient = information_gradient
        self.update = update
        self.seed = seed
        self.step = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            name="step",
        )
        self._trackers = [
            keras.metrics.Mean(name=name)
            for name in (
                "discriminator_loss",
                "generator_loss",
                "mutual_information",
                *(f"mutual_information_{code}" for code in latent_spec.codes),
                "invariant_information",
                "label_loss",
            )
        ]
        self._generate = tf.function(
            functools.partial(generator, training=False), reduce_retracing=True
        )
        self._encode = tf.function(
            functools.partial(discriminator, training=False),
            reduce_retracing=True,
        )
        self.built = True

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels of the images."""
        return tuple(self.discriminator.input_shape[1:])

    @property
    def metrics(self):
        return self._trackers

    def call(self, images, training=False):  # noqa: FBT002
        return self.discriminator(images, training=training)

    # Saving and loading.

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_spec": serialize(self.latent_spec),
            "objective": self.objective.get_config(),
            "information_gradient": self.information_gradient,
            "update": self.update,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        objective = Objective.from_config(config.pop("objective"))
        return cls(
            objective=objective,
            **{
                name: keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            },
        )

    @property
    def num_state_bytes(self) -> int:
        """Size of all that is saved: weights, optimizers, counters."""
        variables = [*self.variables]
        for optimizer in (
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.information_optimizer,
        ):
            variables += optimizer.variables if optimizer else []
        return sum(
            variable.value.dtype.size * variable.value.shape.num_elements()
            for variable in variables
        )

    def _own_state(self) -> list[Any]:
        # Keras leaves the seeds of dropout out of its files, and the metrics,
        # which a run that goes on in the middle of an epoch needs.
        seeds = [
            variable
            for network in (self.generator, self.discriminator)
            for variable in network.variables
            if variable.path.endswith("seed_generator_state")
        ]
        trackers = [v for tracker in self.metrics for v in tracker.variables]
        return [self.step, *seeds, *trackers]

    def save_own_variables(self, store):
        for number, variable in enumerate(self._own_state()):
            # Not variable.numpy(), which NumPy 2 warns of.
            store[str(number)] = variable.value.numpy()

    def load_own_variables(self, store):
        for number, variable in enumerate(self._own_state()):
            variable.assign(store[str(number)])

    # Optimizers.

    def compile(
        self,
        generator_optimizer="adam",
        discriminator_optimizer="adam",
        information_optimizer=None,
        **kwargs,
    ):
        """Sets the optimizers; call it before `fit`.

        Args:
            generator_optimizer: A Keras optimizer, or the name of one.
            discriminator_optimizer: The same, for the discriminator and `Q`.
            information_optimizer: The same, for both networks in the third
                phase of `update="three_phase"`; by default one like that of the
                discriminator.
            **kwargs: `jit_compile`, `run_eagerly` and `steps_per_execution` of
                `keras.Model.compile`.
        """
        # None, as the default would be an RMSprop that nothing uses.
        super().compile(optimizer=None, **kwargs)
        three_phase = self.update == "three_phase"
        if information_optimizer is not None and not three_phase:
            raise ValueError(
                '`information_optimizer` is for update="three_phase". '
                f"Received: update={self.update!r}."
            )
        informed, other = split_variables(
            self.discriminator, self.information_gradient
        )
        build = functools.partial(
            build_optimizer,
            scale_loss=self.dtype_policy.name == "mixed_float16",
        )
        self.generator_optimizer = build(
            generator_optimizer, self.generator.trainable_variables
        )
        self.discriminator_optimizer = build(
            discriminator_optimizer, self.discriminator.trainable_variables
        )
        self.information_optimizer: Any = None
        if three_phase:
            if information_optimizer is None:
                information_optimizer = keras.optimizers.serialize(
                    self.discriminator_optimizer
                )
            self.information_optimizer = build(
                information_optimizer,
                self.generator.trainable_variables + informed,
            )
        self._players = Players(
            self.generator,
            self.discriminator,
            informed,
            other,
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.information_optimizer,
        )

    def get_compile_config(self):
        if not self.compiled:
            return {}
        optimizers = {
            name: keras.optimizers.serialize(getattr(self, name))
            for name in (
                "generator_optimizer",
                "discriminator_optimizer",
                "information_optimizer",
            )
            if getattr(self, name) is not None
        }
        return {
            **optimizers,
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    # Training.

    def fit(self, x=None, *args, **kwargs):
        self._check_training_data(x)
        if isinstance(x, tf.data.Dataset):
            # Keras would warn that it cannot shuffle what is in batches.
            kwargs.setdefault("shuffle", False)
        return super().fit(x, *args, **kwargs)

    def _check_training_data(self, x: Any) -> None:
        if isinstance(x, np.ndarray):
            check_images(x, self.image_shape)
        elif isinstance(x, tf.data.Dataset):
            spec, _, _ = keras.utils.unpack_x_y_sample_weight(x.element_spec)
            specs = spec if isinstance(spec, Mapping) else {"images": spec}
            for name in {"images", "partners"} & set(specs):
                spec = specs[name]
                shape = tuple(spec.shape[1:])
                if shape != self.image_shape or not spec.dtype.is_floating:
                    raise ValueError(
                        "The data set should give batches of float images in "
                        f"[-1, 1] of shape {self.image_shape}. "
                        f"Received: shape={shape}, dtype={spec.dtype.name}."
                    )

    def train_step(self, data):
        batch = self._unpack(data)
        key = fold_in(_key(self.seed, _TRAINING), self.step.value)
        update = UPDATES[self.update]
        values = update(
            self._players, self.latent_spec, self.objective, batch, key
        )
        self.step.assign_add(1)
        return self._track(values)

    def test_step(self, data):
        batch = self._unpack(data)
        # The number of the batch, as the metrics are reset before the first.
        number = tf.cast(self._trackers[0].count, tf.int64)
        key = fold_in(_key(self.seed, _TESTING), number)
        losses = compute_losses(
            self.generator,
            self.discriminator,
            self.latent_spec,
            self.objective,
            batch,
            key,
            training=False,
        )
        return self._track(losses.metrics)

    def _unpack(self, data: Any) -> dict[str, tf.Tensor]:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        batch = dict(x) if isinstance(x, Mapping) else {"images": x}
        if "labels" in batch and not self.latent_spec.categorical_names:
            raise ValueError(
                "Labels need a categorical code that learns them. "
                f"Received: {', '.join(self.latent_spec.codes)}, none of them "
                "categorical."
            )
        return batch

    def _track(self, values):
        used = [t for t in self._trackers if t.name in values]
        for tracker in used:
            tracker.update_state(values[tracker.name])
        return {tracker.name: tracker.result() for tracker in used}

    # Use.

    def sample_latents(
        self,
        num_samples: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Draws inputs for the generator.

        Args:
            num_samples: The number of rows.
            codes: Values of codes that shall not be drawn, by name: category
                numbers, or numbers in the range of the code; whatever
                broadcasts to `(num_samples, dim)`.
            seed: Whole number; the same seed draws the same rows.

        Returns:
            Float32 tensors of shape `(num_samples, dim)`: `noise` and each
            code, categories one-hot.

        Raises:
            ValueError: If a code is unknown, of a wrong shape or out of range.
        """
        if num_samples < 1:
            raise ValueError(
                "The number of images should be at least 1. "
                f"Received: {num_samples}."
            )
        key = _key(seed, _INFERENCE)
        return self.latent_spec.complete(num_samples, codes or {}, key)

    def sample_noise(self, seeds: tf.Tensor) -> tf.Tensor:
        """Draws noise of which each row depends on its seed alone.

        Args:
            seeds: int64 tensor of shape `(batch,)`.

        Returns:
            Float32 tensor of shape `(batch, noise_dim)`; row `i` is the `noise`
            that `sample_latents(1, seed=seeds[i])` draws.
        """

        def draw(seed: tf.Tensor) -> tf.Tensor:
            key = tf.stack([seed, tf.constant(_INFERENCE, tf.int64)])
            return self.latent_spec.sample(1, key)["noise"][0]

        return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)

    def traverse_latents(
        self,
        name: str,
        index: int = 0,
        *,
        num_rows: int = 10,
        num_columns: int = 10,
        seed: int = 0,
    ) -> dict[str, tf.Tensor]:
        """Inputs for a grid of images in which one code changes along a row.

        `LatentSpec.traverse` explains the arguments and the result.
        """
        return self.latent_spec.traverse(
            name,
            index,
            num_rows=num_rows,
            num_columns=num_columns,
            key=_key(seed, _INFERENCE),
        )

    def generate_from(self, latents: Mapping[str, tf.Tensor]) -> np.ndarray:
        """Images of given latents, with the moving statistics of training.

        Args:
            latents: As returned by `sample_latents`.

        Returns:
            Float32 array of shape `(num_samples, height, width, channels)` in
            [-1, 1].
        """
        chunks = [
            self._generate(
                {
                    name: values[start : start + INFERENCE_BATCH_SIZE]
                    for name, values in latents.items()
                }
            )
            for start in range(0, len(latents["noise"]), INFERENCE_BATCH_SIZE)
        ]
        return np.concatenate([chunk.numpy() for chunk in chunks]).astype(
            np.float32, copy=False
        )

    def generate(
        self,
        num_images: int,
        *,
        codes: Mapping[str, npt.ArrayLike] | None = None,
        seed: int = 0,
    ) -> np.ndarray:
        """Draws images; `sample_latents` explains the arguments.

        Returns:
            Float32 array of shape `(num_images, height, width, channels)` in
            [-1, 1].
        """
        return self.generate_from(
            self.sample_latents(num_images, codes=codes, seed=seed)
        )

    def encode(self, images: npt.ArrayLike) -> dict[str, np.ndarray]:
        """Reads the codes from images: the parameters of `Q(c|x)`.

        Args:
            images: Float array of shape `(num_images, height, width, channels)`
                in [-1, 1].

        Returns:
            Float32 arrays by name, as `latent_spec.posterior_dims` has them,
            and `<code>_probabilities` for each code that has logits.

        Raises:
            ValueError: If the shape, the type or the range is another.
        """
        images = np.asarray(images)
        check_images(images, self.image_shape)
        chunks = [
            self._encode(
                tf.constant(
                    images[start : start + INFERENCE_BATCH_SIZE], tf.float32
                )
            )
            for start in range(0, len(images), INFERENCE_BATCH_SIZE)
        ]
        posterior = {
            name: np.concatenate([chunk[name].numpy() for chunk in chunks])
            for name in self.latent_spec.posterior_dims
        }
        for name, code in self.latent_spec.codes.items():
            if isinstance(code, Categorical | Bernoulli):
                posterior[f"{name}_probabilities"] = code.probabilities(
                    posterior[f"{name}_logits"]
                )
        return posterior
