"""A client for TensorFlow Serving; over REST it needs no TensorFlow."""

from keras_infogan.serving.client import PredictionClient as PredictionClient
from keras_infogan.serving.transport import ServingError as ServingError
