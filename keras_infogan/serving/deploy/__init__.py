"""Configuration of TensorFlow Serving, and canary releases."""
