"""InfoGAN on MNIST as published.

    keras-infogan train --preset paper

Section 7.1 and Appendix C.1 of Chen et al., 2016
(https://arxiv.org/abs/1606.03657), and its code: 5,000 updates with 128 images
are 10.7 epochs.

Takes about 50 minutes on one CPU core. Two of its epochs took 9 minutes and
reached an accuracy of 24.9 % on the test split
(`scripts/results/paper_seed_0.json`); all of them were not run.
"""

from keras_infogan.training import sections
from keras_infogan.training.config import TrainingConfig

PAPER = TrainingConfig(
    preset="paper",
    epochs=11,
    networks=sections.NetworkConfig(architecture="paper"),
)
