"""From a model and images to numbers."""
