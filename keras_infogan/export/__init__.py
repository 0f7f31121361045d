"""Exports of a trained InfoGAN to programs without Keras."""
