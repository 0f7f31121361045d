"""A trained InfoGAN for other programs than Keras."""
