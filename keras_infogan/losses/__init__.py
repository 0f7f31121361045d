"""What training minimizes: losses, augmentation and the objective."""
