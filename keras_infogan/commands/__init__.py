"""The commands of `keras-infogan`, a module each, and what they share."""
