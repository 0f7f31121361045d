"""The kinds of latent codes, one file each, and their register."""

from keras_infogan.latents.code import Code as Code
from keras_infogan.latents.codes.bernoulli import Bernoulli as Bernoulli
from keras_infogan.latents.codes.categorical import Categorical as Categorical
from keras_infogan.latents.codes.circular import Circular as Circular
from keras_infogan.latents.codes.normal import Normal as Normal
from keras_infogan.latents.codes.uniform import Uniform as Uniform

# By the type that a configuration names, which is also the name of the file.
CODES: dict[str, type[Code]] = {
    "categorical": Categorical,
    "uniform": Uniform,
    "normal": Normal,
    "bernoulli": Bernoulli,
    "circular": Circular,
}
