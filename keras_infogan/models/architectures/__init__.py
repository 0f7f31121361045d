"""The architectures, a file for each family; `networks.py` registers them."""
