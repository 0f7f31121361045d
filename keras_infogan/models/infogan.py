"""InfoGAN as a Keras model: how the two networks are trained and saved."""

import pkgutil
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

# The layers register themselves, for files of models.
import keras_infogan.models.layers  # noqa: F401
from keras_infogan.images import to_array
from keras_infogan.latents.random import TESTING
from keras_infogan.latents.random import TRAINING
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.objective import Objective
from keras_infogan.models import INFORMATION_GRADIENTS
from keras_infogan.models import UPDATES
from keras_infogan.models.agreement import SLIGHTNESS
from keras_infogan.models.agreement import average_probabilities
from keras_infogan.models.compile_arguments import check_compile_options
from keras_infogan.models.compile_arguments import choose_optimizers
from keras_infogan.models.fitting import MonitoredModel
from keras_infogan.models.inference import make_key
from keras_infogan.models.inputs import unpack_batch
from keras_infogan.models.networks import build_pair_discriminator
from keras_infogan.models.optimizers import Optimizers
from keras_infogan.models.optimizers import build_optimizer
from keras_infogan.models.optimizers import check_averages
from keras_infogan.models.optimizers import check_reuse
from keras_infogan.models.optimizers import partition_variables
from keras_infogan.models.steps import TrainingState
from keras_infogan.models.steps import compute_losses
from keras_infogan.models.steps import learn_priors
from keras_infogan.models.strategy import GlobalMean
from keras_infogan.models.strategy import check_compilation
from keras_infogan.models.strategy import is_seed
from keras_infogan.models.strategy import prepare_networks
from keras_infogan.models.validation import check_objective
from keras_infogan.models.validation import check_pair_discriminator
from keras_infogan.options import check_choice
from keras_infogan.options import from_plain
from keras_infogan.options import to_plain
from keras_infogan.replicas import sum_over_replicas


@keras.saving.register_keras_serializable(package="keras_infogan")
class InfoGAN(MonitoredModel):
    """Information maximizing generative adversarial network.

    From [Chen et al., 2016](https://arxiv.org/abs/1606.03657). `fit` takes
    images, or mappings of `images` and one or both of: `positives`, as many
    images, each a positive pair with its image, for an objective with an
    `invariance_weight`; `labeled_images` and `labels`, which also train the
    first categorical code as a classifier. Targets (`y`) are ignored.

    The random numbers of a step depend only on `seed` and on the number of the
    step, which is saved. So a model that is saved, loaded and trained further
    ends like one that was trained without interruption.

    Args:
        generator: As made by `build_generator`.
        discriminator: As made by `build_discriminator`.
        latent_spec: The noise and the codes.
        objective: The losses and their weights; by default those of the paper.
        information_gradient: Which layers of the discriminator learn from the
            information: `"trunk"` for all of them, `"head"` for those that only
            `Q` uses. The generator learns from it in both cases.
        update: `"fused"` takes the gradients of both networks from one forward
            pass. `"three_phase"` is the sequence of many implementations: `G`
            against `D`; `D`; then both for the information with fresh latents,
            with an optimizer of its own.
        seed: Whole number of at most 64 bits.
        pair_discriminator: For an objective with a `contrastive_weight`, as
            made by `build_pair_discriminator`, which is the default.

    Raises:
        ValueError: If networks, codes and options do not fit together.

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
        pair_discriminator: keras.Model | None = None,
        name: str = "infogan",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            generator, discriminator, latent_spec, name=name, **kwargs
        )
        self.objective = Objective() if objective is None else objective
        check_objective(self.objective, latent_spec, discriminator)
        if self.objective.contrastive_weight and pair_discriminator is None:
            pair_discriminator = build_pair_discriminator(
                latent_spec, discriminator.input_shape[1:]
            )
        check_pair_discriminator(
            self.objective, latent_spec, pair_discriminator
        )
        self.pair_discriminator = pair_discriminator
        check_choice("update", update, UPDATES)
        check_choice(
            "information_gradient", information_gradient, INFORMATION_GRADIENTS
        )
        make_key(seed, TRAINING)
        self.information_gradient = information_gradient
        self.update = update
        self.seed = seed
        self.step = self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            name="step",
            aggregation="only_first_replica",
        )
        # By name, the probabilities of categories that are learned.
        self._learned_priors: dict[str, keras.Variable] = {}
        if self.objective.prior_rate:
            for code in latent_spec.categorical_names:
                dim = latent_spec.codes[code].dim
                known = latent_spec.priors.get(code)
                self._learned_priors[code] = self.add_weight(
                    shape=(dim,),
                    dtype="float32",
                    initializer=keras.initializers.Constant(
                        1.0 / dim if known is None else known
                    ),
                    trainable=False,
                    name=f"prior_{code}",
                    aggregation="only_first_replica",
                )
        self._trackers = [
            GlobalMean(name=name)
            for name in (
                "discriminator_loss",
                "generator_loss",
                "mutual_information",
                *(f"mutual_information_{code}" for code in latent_spec.codes),
                "invariant_information",
                "label_loss",
                # Last and if it is used, for files of models without it.
                *["contrastive_loss"] * (pair_discriminator is not None),
            )
        ]
        self.built = True

    @property
    def latent_spec(self) -> LatentSpec:
        """The noise and the codes, with the priors as learned so far."""
        if not self._learned_priors:
            return self._latent_spec
        # Also while a function is traced.
        with tf.init_scope():
            learned = {
                name: variable.value.numpy().tolist()
                for name, variable in self._learned_priors.items()
            }
        return self._latent_spec.with_priors(learned)

    @latent_spec.setter
    def latent_spec(self, spec: LatentSpec) -> None:
        self._latent_spec = spec

    @property
    def metrics(self):
        return self._trackers

    @property
    def metrics_names(self):
        """The names of what `evaluate` returns, in this order."""
        # Keras appends what is no metric, and some of ours are not used.
        used = [t for t in self._trackers if t.count.value.numpy()]
        return [*(t.name for t in used or self._trackers), "loss"]

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        information_optimizer=None,
        *,
        optimizer=None,
        **kwargs,
    ):
        """Sets the optimizers; call it before `fit`.

        All of them are in `model.optimizer.optimizers`, where Keras's
        callbacks set learning rates. An optimizer with `use_ema=True` ends
        `fit` with the averages of the weights, as in Keras; add the callback
        `SwapEMAWeights` to evaluate and save them meanwhile.

        Args:
            generator_optimizer: A Keras optimizer or its name; by default Adam.
            discriminator_optimizer: The same, for the discriminator and `Q`; by
                default a copy of the generator's.
            information_optimizer: The same, for both networks in the third
                phase of `update="three_phase"` only; by default a copy of the
                discriminator's.
            optimizer: As `generator_optimizer`, by the name that Keras has.
            **kwargs: `jit_compile`, `run_eagerly` and `steps_per_execution` of
                `keras.Model.compile`. XLA is off under a strategy of several
                replicas.

        Raises:
            ValueError: If an option does not go together with another one, or
                with the strategy.
        """
        check_compile_options(kwargs)
        chosen = choose_optimizers(
            generator_optimizer,
            discriminator_optimizer,
            information_optimizer,
            optimizer,
            self.update,
        )
        check_compilation(self, chosen.values())
        informed = variables = self.discriminator.trainable_variables
        uninformed: list[keras.Variable] = []
        if self.information_gradient == "head":
            informed, uninformed = partition_variables(self.discriminator)
        if self.pair_discriminator is not None:
            # It learns as `Q` does: the generator helps.
            paired = self.pair_discriminator.trainable_variables
            informed, variables = informed + paired, variables + paired
        trained = {
            "generator": self.generator.trainable_variables,
            "discriminator": variables,
            "information": self.generator.trainable_variables + informed,
        }
        check_reuse(chosen, trained, getattr(self, "optimizer", None))
        check_averages(
            chosen.values(),
            is_supported=self.update == "fused"
            and self.information_gradient == "trunk",
        )
        if self.distribute_strategy.num_replicas_in_sync > 1:
            # The step is not compiled as a whole: replicas meet in it.
            kwargs["jit_compile"] = False
            prepare_networks(self.generator, self.discriminator)
        # Ours are set below; the default would be an RMSprop.
        super().compile(optimizer=None, **kwargs)
        built = {
            name: build_optimizer(
                one,
                trained[name],
                name=name,
                scale_losses=self.dtype_policy.name == "mixed_float16",
            )
            for name, one in chosen.items()
        }
        # Attributes of the model, so that Keras saves them.
        self.generator_optimizer = built["generator"]
        self.discriminator_optimizer = built["discriminator"]
        self.information_optimizer: Any = built.get("information")
        self.optimizer = Optimizers(
            [(one, trained[name]) for name, one in built.items()]
        )
        self._state = TrainingState(
            self.generator,
            self.discriminator,
            self._latent_spec,
            self.objective,
            informed,
            uninformed,
            self.generator_optimizer,
            self.discriminator_optimizer,
            self.information_optimizer,
            self.pair_discriminator,
            self.step,
            {
                **self._latent_spec.priors,
                **{name: x.value for name, x in self._learned_priors.items()},
            },
        )

    def encode(
        self, images: npt.ArrayLike, *, num_views: int = 1, seed: int = 0
    ) -> dict[str, np.ndarray]:
        """Infers the codes of images: the parameters of `Q(c|x)`.

        Args:
            images: See `GeneratorEncoder.encode`.
            num_views: With more than one, the probabilities of a category are
                their mean over as many slightly augmented views of the image,
                and its logits are the logarithms of these. That takes as many
                times as long, and is more often right.
            seed: Seed of the views.

        Returns:
            See `GeneratorEncoder.encode`.

        Raises:
            ValueError: If the images have another shape, type or range, or if
                there should be views and the objective has no augmentation.
        """
        if num_views < 1:
            raise ValueError(
                f"num_views should be at least 1. Received: {num_views}."
            )
        augmentation = self.objective.augmentation
        if num_views > 1 and augmentation is None:
            raise ValueError(
                "num_views should be 1 for a model that was trained without an "
                f"augmentation, which makes the views. Received: {num_views}."
            )
        images = to_array(images)
        posterior = super().encode(images)
        if num_views == 1 or augmentation is None:
            return posterior
        averages = average_probabilities(
            self,
            images,
            augmentation.scaled(SLIGHTNESS),
            num_views=num_views,
            seed=seed,
        )
        for name, probabilities in averages.items():
            posterior[f"{name}_probabilities"] = probabilities
            # Of a probability that float32 rounds to 0, too.
            posterior[f"{name}_logits"] = np.log(
                np.maximum(probabilities, np.finfo(np.float32).tiny)
            )
        return posterior

    def train_step(self, data):
        batch = unpack_batch(data, self._latent_spec)
        key = fold_in(make_key(self.seed, TRAINING), self.step.value)
        update = pkgutil.resolve_name(UPDATES[self.update])
        metrics = update(self._state, batch, key)
        if self._learned_priors:
            learn_priors(self._state, batch["images"])
        self.step.assign_add(1)
        return self._track(metrics)

    def test_step(self, data):
        batch = unpack_batch(data, self._latent_spec)
        # The number of the batch, as the metrics are reset before the first.
        number = tf.cast(self._trackers[0].count, tf.int64)
        key = fold_in(make_key(self.seed, TESTING), number)
        losses = compute_losses(self._state, batch, key, training=False)
        return self._track(losses.metrics)

    def _track(self, parts):
        values = sum_over_replicas(parts)
        used = [t for t in self._trackers if t.name in values]
        for tracker in used:
            tracker.update_state(values[tracker.name])
        logs = {tracker.name: tracker.result() for tracker in used}
        # The one term that both networks minimize, for callbacks that monitor
        # a single number. It also falls where the images are noise.
        information = logs.get("mutual_information")
        return logs if information is None else {"loss": -information, **logs}

    # Saving and loading.

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        paired = {}
        if self.pair_discriminator is not None:
            paired["pair_discriminator"] = serialize(self.pair_discriminator)
        return {
            **super().get_config(),
            **paired,
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_spec": serialize(self.latent_spec),
            "objective": to_plain(self.objective),
            "information_gradient": self.information_gradient,
            "update": self.update,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        objective = from_plain(Objective, config["objective"])
        others = {
            name: keras.saving.deserialize_keras_object(value)
            for name, value in config.items()
            if name != "objective"
        }
        return cls(objective=objective, **others)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        optimizers = {
            name: keras.optimizers.serialize(optimizer)
            for name, optimizer in self._optimizers().items()
        }
        return optimizers | {
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def _optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        found = {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "information_optimizer": self.information_optimizer,
        }
        return {name: value for name, value in found.items() if value}

    @property
    def num_steps(self) -> int:
        """Training steps that this model has made."""
        # Under a strategy, `int(self.step)` fails.
        return int(self.step.value.numpy())

    @property
    def num_state_bytes(self) -> int:
        """Size of everything that is saved: weights, optimizers, counters."""
        variables = list(self.variables)
        for optimizer in self._optimizers().values():
            variables += optimizer.variables
        return sum(
            variable.value.dtype.size * variable.value.shape.num_elements()
            for variable in variables
        )

    def find_broken_variables(self, *, with_metrics: bool = False) -> list[str]:
        """The paths of the saved variables that have NaN or infinity.

        Args:
            with_metrics: Whether to look at the means of the losses, too.
        """
        variables = list(self.variables)
        if with_metrics:
            variables += self._own_state()
        if self.compiled:
            for optimizer in self._optimizers().values():
                variables += optimizer.variables
        return [
            variable.path
            for variable in variables
            if "float" in variable.dtype
            and not np.isfinite(variable.value.numpy()).all()
        ]

    def _own_state(self) -> list[keras.Variable]:
        # Keras saves neither the seeds of dropout nor the metrics, which a run
        # that is resumed in the middle of an epoch needs.
        seeds = [
            variable
            for network in (self.generator, self.discriminator)
            for variable in network.variables
            if is_seed(variable)
        ]
        trackers = [v for tracker in self._trackers for v in tracker.variables]
        return [
            self.step,
            *seeds,
            *trackers,
            *self._learned_priors.values(),
        ]

    def save_own_variables(self, store):
        for number, variable in enumerate(self._own_state()):
            # Not variable.numpy(), which NumPy 2 warns of.
            store[str(number)] = variable.value.numpy()

    def load_own_variables(self, store):
        for number, variable in enumerate(self._own_state()):
            variable.assign(store[str(number)])
