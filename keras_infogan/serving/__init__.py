"""A client for TensorFlow Serving; by REST it needs no TensorFlow."""

from keras_infogan.serving.calls import ServingError as ServingError
from keras_infogan.serving.client import PredictionClient as PredictionClient
