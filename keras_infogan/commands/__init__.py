"""The commands of `keras-infogan`, a module each: arguments in, result out."""
