"""The losses: adversarial, information and consistency."""
