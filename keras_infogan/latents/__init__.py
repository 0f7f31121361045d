"""The inputs of the generator: noise and latent codes."""

from pathlib import Path

# One file a kind, so that the command line can list them without TensorFlow.
CODE_TYPES = tuple(
    sorted(path.stem for path in Path(__file__).parent.glob("codes/[a-z]*.py"))
)
