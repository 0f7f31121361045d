"""Last phases for `Q`: to say at a glance what many views agree on, and surely.

The posterior of one view of an image is near 0 or 1 even where it is wrong, and
slightly different views of it disagree there. Their average is right more
often. So `Q`, once trained, learns the averages of its own answers, as in
[Laine and Aila, 2017](https://arxiv.org/abs/1610.02242), but from fixed ones.
The trunk changes by it. So the heads of all other codes learn once more, on
generated images, what they are there for.
"""

import functools
from collections.abc import Mapping

import keras
import tensorflow as tf

from keras_infogan.latents.random import DISTILLATION
from keras_infogan.latents.random import REFITTING
from keras_infogan.latents.random import fold_in
from keras_infogan.latents.spec import LatentSpec
from keras_infogan.losses.augmentation import Augmentation
from keras_infogan.losses.total import information_losses
from keras_infogan.losses.views import augment
from keras_infogan.models.inference import make_key
from keras_infogan.models.infogan import InfoGAN


class SelfDistillation(keras.Model):
    """Trains the trunk and the heads of `Q` to give fixed answers.

    Of an image and of an augmented view of it, `Q` must give the target
    probabilities of each category: the loss is their cross-entropy in nats. Of
    the image itself it must give the targets of all other codes, in the mean
    square. Targets are by the names of the outputs of the discriminator;
    `logits` of the adversarial game have none, and that head does not learn.

    Args:
        discriminator: The network.
        latent_spec: The codes.
        augmentation: Makes the views.
        seed: Whole number of at most 64 bits.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        latent_spec: LatentSpec,
        augmentation: Augmentation,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(name="self_distillation")
        self.discriminator = discriminator
        self.category_outputs = {
            f"{name}_logits" for name in latent_spec.categorical_names
        }
        self.augmentation = augmentation
        self.key = make_key(seed, DISTILLATION)
        head = discriminator.get_layer("logits")
        self.variables_to_train = [
            variable
            for variable in discriminator.trainable_variables
            if all(variable is not other for other in head.variables)
        ]
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def call(self, images, training=False):  # noqa: FBT002
        return self.discriminator(images, training=training)

    def train_step(self, data):
        images, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        key = fold_in(self.key, self.optimizer.iterations)
        views = augment(self.augmentation, images, key).images
        with tf.GradientTape() as tape:
            loss = self.find_loss(
                targets,
                self.discriminator(images, training=True),
                self.discriminator(views, training=True),
            )
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.variables_to_train)
        self.optimizer.apply(gradients, self.variables_to_train)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def find_loss(
        self,
        targets: Mapping[str, tf.Tensor],
        of_images: Mapping[str, tf.Tensor],
        of_views: Mapping[str, tf.Tensor],
    ) -> tf.Tensor:
        """The loss, a scalar; see the class."""
        terms = []
        for name, target in targets.items():
            if name in self.category_outputs:
                terms += [
                    tf.nn.softmax_cross_entropy_with_logits(target, one[name])
                    for one in (of_images, of_views)
                ]
            else:
                difference = of_images[name] - target
                terms.append(tf.reduce_sum(difference**2, axis=-1))
        return tf.reduce_mean(tf.add_n(terms))


def refitted_heads(spec: LatentSpec) -> list[str]:
    """The names of the layers that `refit_heads` fits."""
    return [
        f"{name}_{parameter}"
        for name, code in spec.codes.items()
        if not code.has_categories
        for parameter in code.parameters
    ]


def refit_heads(
    model: InfoGAN,
    *,
    num_steps: int = 600,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    jit_compile: bool = True,
) -> InfoGAN:
    """Fits the heads of all codes without categories to generated images.

    They maximize the information of the objective, the bound of Chen et al.,
    2016, Eq. 5, on what the generator makes of fresh latents, with all else
    fixed and in inference mode, as it will be used. Nothing changes if there
    are no such codes.

    Args:
        model: A trained model with the heads of `blocks.discriminator_outputs`;
            changed in place.
        num_steps: Steps of Adam.
        batch_size: Images in a step.
        learning_rate: That of the first step; it decays to 0.
        seed: Whole number of at most 64 bits.
        jit_compile: Whether to compile the step with XLA.

    Returns:
        The same model.
    """
    spec = model.latent_spec
    variables = [
        variable
        for name in refitted_heads(spec)
        for variable in model.discriminator.get_layer(name).trainable_variables
    ]
    if not variables or not num_steps:
        return model
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(learning_rate, num_steps)
    )
    optimizer.build(variables)
    discriminate = functools.partial(model.discriminator, training=False)
    first_key = make_key(seed, REFITTING)

    @tf.function(jit_compile=jit_compile)
    def make_step(number: tf.Tensor) -> None:
        key = fold_in(first_key, number)
        latents = spec.sample(batch_size, fold_in(key, 0))
        images = model.generator(latents, training=False)
        with tf.GradientTape() as tape:
            losses = information_losses(
                model.objective,
                spec,
                latents=latents,
                images=images,
                posterior=discriminate(images),
                discriminate=discriminate,
                key=fold_in(key, 1),
            )
        gradients = tape.gradient(losses.posterior, variables)
        optimizer.apply(gradients, variables)

    for number in range(num_steps):
        make_step(tf.constant(number, tf.int64))
    return model
