"""What goes into the generator: noise and latent codes."""
