"""A tutorial in cells: `build_notebook.py` makes the notebook of it."""

# %% [markdown]
# # Interpretable digits with InfoGAN
#
# **Author:** the keras_infogan developers<br>
# **Date created:** 2026/11/30<br>
# **Description:** A GAN that learns the ten digits, without labels, as one of
# its inputs.

# %% [markdown]
# ## Introduction
#
# The generator of a GAN turns noise into images, but no direction of the noise
# has a meaning that we know. [InfoGAN](https://arxiv.org/abs/1606.03657) splits
# the input of the generator into two parts:
#
# - **noise** `z`, as in any GAN;
# - **latent codes** `c`: a few variables of known distributions, such as one of
#   ten categories, or a number in [-1, 1].
#
# The generator must not ignore the codes: it has to be possible to read them
# back from the image. A second output of the discriminator, the posterior
# `Q(c|x)`, tries to do so, and both networks maximize a lower bound on the
# mutual information between the codes and the image (Eq. 5 of the paper):
#
# $$L_I(G, Q) = E[\log Q(c \mid G(z, c))] + H(c) \le I(c; G(z, c))$$
#
# What is easiest to read from an image of a digit? Which digit it is, so one
# category tends to become one digit. Nobody tells the model.
#
# We first write an InfoGAN in about 30 lines, and then use the one of the
# package, which adds what makes the result reliable.

# %% [markdown]
# ## Setup

# %%
import os

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import keras_infogan
from keras_infogan import Augmentation
from keras_infogan import Categorical
from keras_infogan import InfoGAN
from keras_infogan import LatentSpec
from keras_infogan import Objective
from keras_infogan import Uniform
from keras_infogan import plot

# The tests run this tutorial with few images.
TRAIN_SPLIT = os.environ.get("TUTORIAL_TRAIN_SPLIT", "train")
TEST_SPLIT = os.environ.get("TUTORIAL_TEST_SPLIT", "test")
EPOCHS = int(os.environ.get("TUTORIAL_EPOCHS", "2"))
BATCH_SIZE = 128

keras.utils.set_random_seed(0)

# %% [markdown]
# ## The data
#
# `open_images` opens a data set of TensorFlow Datasets. `batches` is an
# endless, shuffled stream of float images in [-1, 1], without labels. We need
# the labels of the test split only to measure the result.

# %%
train = keras_infogan.open_images("mnist", split=TRAIN_SPLIT)
test = keras_infogan.open_images("mnist", split=TEST_SPLIT)
batches = train.batches(BATCH_SIZE)
steps_per_epoch = train.num_batches(BATCH_SIZE)

plot.grid(train.scaled(slice(20)))

# %% [markdown]
# ## The latent codes
#
# Ten equally likely categories, and two numbers in [-1, 1]. A perfectly
# readable category carries log 10 = 2.3 nats of information.

# %%
spec = LatentSpec(62, {"category": Categorical(10), "style": Uniform(2)})
print("inputs of the generator:", spec.input_dims)
print("outputs of Q:", spec.posterior_dims)
print("entropy of the category:", spec.codes["category"].entropy)

# %% [markdown]
# ## The networks
#
# The generator takes the noise and each code by name. The discriminator has a
# trunk with two ends: the usual `logits`, and a small head that returns the
# parameters of `Q(c|x)`: logits for the category, and mean and log standard
# deviation for each continuous code. `discriminator_outputs` makes both ends.


# %%
def make_generator(spec):
    inputs = {
        name: keras.Input((dim,), name=name)
        for name, dim in spec.input_dims.items()
    }
    x = layers.Concatenate()(list(inputs.values()))
    x = layers.Dense(7 * 7 * 64, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Reshape((7, 7, 64))(x)
    x = layers.Conv2DTranspose(32, 4, 2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh")(x)
    return keras.Model(inputs, x, name="generator")


def make_discriminator(spec):
    images = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 4, 2, padding="same")(images)
    x = layers.LeakyReLU(0.1)(x)
    x = layers.Conv2D(64, 4, 2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU(0.1)(x)
    x = layers.Dense(256, use_bias=False)(layers.Flatten()(x))
    x = layers.BatchNormalization()(x)
    x = layers.LeakyReLU(0.1)(x)
    head = layers.LeakyReLU(0.1)(layers.Dense(128)(x))
    outputs = keras_infogan.discriminator_outputs(spec, x, head)
    return keras.Model(images, outputs, name="discriminator")


# %% [markdown]
# ## The training step
#
# One batch of latent codes, one pass through each network, and two losses:
#
# - the discriminator tells real from generated images and makes `Q` readable;
# - the generator makes the discriminator wrong, and its codes readable.
#
# So the information, in nats, is subtracted from both losses. Its weight is
# smaller for continuous codes, as in the paper.


# %%
def minus_log_sigmoid(logits):
    return tf.reduce_mean(tf.nn.softplus(-logits))


class SimpleInfoGAN(keras.Model):
    """InfoGAN with one pass and two gradients in each step."""

    def __init__(self, generator, discriminator, spec, weights):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.spec = spec
        self.information_weights = weights
        self.seeds = keras.random.SeedGenerator(0)

    def compile(self, generator_optimizer, discriminator_optimizer):
        super().compile(optimizer=None)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)

    def train_step(self, images):
        key = tf.cast(self.seeds.next(), tf.int64)
        latents = self.spec.sample(images.shape[0], key)
        with tf.GradientTape(persistent=True) as tape:
            fakes = self.generator(latents, training=True)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(fakes, training=True)
            nats = keras_infogan.mutual_information(self.spec, latents, fake)
            information = sum(
                weight * nats[name]
                for name, weight in self.information_weights.items()
            )
            real_loss = minus_log_sigmoid(real["logits"])
            fake_loss = minus_log_sigmoid(-fake["logits"])
            discriminator_loss = real_loss + fake_loss
            generator_loss = minus_log_sigmoid(fake["logits"])
            for_discriminator = discriminator_loss - information
            for_generator = generator_loss - information
        weights = self.discriminator.trainable_variables
        gradients = tape.gradient(for_discriminator, weights)
        self.discriminator_optimizer.apply(gradients, weights)
        weights = self.generator.trainable_variables
        gradients = tape.gradient(for_generator, weights)
        self.generator_optimizer.apply(gradients, weights)
        return {
            "discriminator_loss": discriminator_loss,
            "generator_loss": generator_loss,
            **{f"nats_{name}": value for name, value in nats.items()},
        }


# %% [markdown]
# ## Training
#
# A callback draws the same latent codes after each epoch: a row for each
# category, with other noise in each column.


# %%
class DrawRows(keras.callbacks.Callback):
    """Draws a row of images for each category."""

    def __init__(self):
        super().__init__()
        rows = np.repeat(np.arange(10), 5)
        self.latents = spec.complete(
            50, {"category": rows}, tf.constant([0, 0], tf.int64)
        )

    def on_epoch_end(self, epoch, logs=None):
        images = self.model.generator(self.latents, training=False).numpy()
        show(plot.grid(images, num_columns=5, title=f"epoch {epoch + 1}"))


def show(figure):
    """Shows a figure in a notebook, and nothing in a plain script."""
    try:
        from IPython.display import display
    except ImportError:
        return
    display(figure)


model = SimpleInfoGAN(
    make_generator(spec),
    make_discriminator(spec),
    spec,
    {"category": 1.0, "style": 0.1},
)
model.compile(
    keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(2e-4, 0.5)
)
history = model.fit(
    batches,
    steps_per_epoch=steps_per_epoch,
    epochs=EPOCHS,
    verbose=2,
    callbacks=[DrawRows()],
)

# %% [markdown]
# ## Reading the codes
#
# `Q` also works on real images. To measure how well the categories match the
# digits, we assign each category to one digit by the Hungarian method on
# training images, and compare with the labels of the test images. This is the
# first use of labels.


# %%
def categories_of(model, images):
    outputs = model.discriminator.predict(images, batch_size=500, verbose=0)
    return outputs["category_logits"].argmax(axis=1)


def accuracy_of(model):
    fitted = slice(10_000)
    confusion = keras_infogan.confusion_matrix(
        train.labels[fitted],
        categories_of(model, train.scaled(fitted)),
        num_classes=10,
        num_clusters=10,
    )
    return keras_infogan.clustering_accuracy(
        test.labels,
        categories_of(model, test.scaled()),
        keras_infogan.match_clusters(confusion),
    )


print(f"accuracy of our model: {accuracy_of(model):.1%} (chance: 10%)")

# %% [markdown]
# Almost all of the 2.3 nats of the category are readable from generated images,
# but the categories are only partly the digits: `Q` can read any signal that
# the generator puts into the image, visible or not. The bound alone proves
# little, so always look at real images, too.

# %% [markdown]
# ## The InfoGAN of the package
#
# `InfoGAN` is such a model, ready for use: it saves its optimizers, resumes
# exactly, encodes and exports. Its `Objective` makes the result reliable:
#
# - the category is *invariant* under augmentation: it must be the same for a
#   random affine view of the image, on real images, too;
# - `pose` is *equivariant* to slant, and `style` to thickness: when the
#   augmentation slants an image, the pose that `Q` reads has to change by a
#   known amount. This is supervised by geometry, not by labels.
#
# A quarter of the real images is paired with a nearest neighbor instead of
# itself (`neighbor_share`).

# %%
spec = LatentSpec(
    62, {"category": Categorical(10), "pose": Uniform(1), "style": Uniform(1)}
)
objective = Objective(
    augmentation=Augmentation(
        rotation=0.35, shear=0.3, log_scale=0.2, shift=0.09, thickness=1.0
    ),
    invariant_codes=["category"],
    equivariant_codes={"slant": {"pose": 2.2}, "thickness": {"style": 0.8}},
    invariance_weight=1.0,
    information_weights={"pose": 0.1, "style": 0.1},
)
model = InfoGAN(make_generator(spec), make_discriminator(spec), spec, objective)
model.compile(
    keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(5e-4, 0.5)
)
model.fit(
    train.batches(BATCH_SIZE, neighbor_share=0.25),
    steps_per_epoch=steps_per_epoch,
    epochs=EPOCHS,
    verbose=2,
)
print(f"accuracy with the objective: {accuracy_of(model):.1%}")

# %%
plot.categories(model, "category", num_columns=6)

# %% [markdown]
# Preset `mnist` trains this objective with larger networks and decaying
# learning rates for seven epochs, 6 to 7 minutes on two cores, and also
# measures what the codes mean:
#
# ```sh
# keras-infogan train --preset mnist --run-dir runs/mnist
# ```
#
# Its result comes with the package (98.7% on the test images).

# %%
model = keras_infogan.load_model("mnist")
print(f"accuracy of the preset: {accuracy_of(model):.1%}")
plot.traversal(model, "pose", num_columns=7)

# %%
plot.traversal(model, "style", num_columns=7)

# %% [markdown]
# Without InfoGAN, such a direction is found by hand: measure images of a plain
# GAN, subtract the mean noise of the least slanted from that of the most
# slanted, and add the difference to other noise
# ([Radford et al., 2016](https://arxiv.org/abs/1511.06434), Section 6.3.2).
# `keras-infogan traverse RUN --direction slant` does this for any model. Beside
# the codes, at the same effect ([numbers](../results/accuracy.md)):
#
# ![Directions of a plain GAN, and codes](../results/directions.png)
#
# Encode a real image, and generate its pose and style for all ten categories:

# %%
posterior = model.encode(test.scaled(slice(1)))
images = model.generate(
    10,
    codes={
        "category": np.arange(10),
        "pose": np.clip(posterior["pose_mean"], -1, 1),
        "style": np.clip(posterior["style_mean"], -1, 1),
    },
    seed=0,
)
plot.grid(np.concatenate([test.scaled(slice(1)), images]), num_columns=11)

# %% [markdown]
# ## Export
#
# A SavedModel for TensorFlow Serving has signatures to sample and to encode.
# Their inputs are plain numbers, and a seed gives the same image on every
# server.

# %%
path = keras_infogan.export_saved_model(model, "exported/digits")
sample = keras.layers.TFSMLayer(str(path), call_endpoint="sample")
outputs = sample(
    {
        "seed": tf.range(10, dtype=tf.int64),
        "category": tf.fill([10], 1),
        "pose": tf.reshape(tf.linspace(-1.0, 1.0, 10), (10, 1)),
        "style": tf.zeros((10, 1)),
    }
)
plot.grid(outputs["image"].numpy())

# %% [markdown]
# ## Serving
#
# `scripts/serve.sh exported/digits` starts TensorFlow Serving. The client asks
# the model what its codes mean, so callers need no category numbers. The
# pretrained model in `saved_models/mnist` knows these names:
#
# ```python
# from keras_infogan import PredictionClient
#
# client = PredictionClient("http://localhost:8501", "mnist")
# images = client.sample(digit="7", count=16, seed=0, slant=0.5)
# ```
#
# ## Where to go from here
#
# - [README](../../README.md): the command line, the results, how to contribute.
# - [What was measured](../results/accuracy.md), with ten seeds and ablations.
# - `keras_infogan/models/steps.py` is the training step of the package.
