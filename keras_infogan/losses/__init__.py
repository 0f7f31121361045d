"""What training minimizes: adversarial, information and consistency losses."""
