"""`python -m keras_infogan`, the same as the command `keras-infogan`."""

from keras_infogan.cli.main import main

main()
