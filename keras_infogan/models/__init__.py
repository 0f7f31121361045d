"""The networks, and how a step trains them.

The names of what can be chosen; they need no TensorFlow.
"""

NORMALIZATIONS = ("batch", "layer", "spectral", "none")
# What of the discriminator learns from the information: all, or the heads of Q.
INFORMATION_GRADIENTS = ("trunk", "head")
# By name, where the function of a step is.
UPDATES = {
    "fused": "keras_infogan.models.steps:fused_update",
    "three_phase": "keras_infogan.models.steps:three_phase_update",
}
