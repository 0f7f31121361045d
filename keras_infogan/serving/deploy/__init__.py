"""What an operator of TensorFlow Serving needs."""
