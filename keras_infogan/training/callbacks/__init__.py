"""What a run does between steps: log, sample images, checkpoints, signals."""
