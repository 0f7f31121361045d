"""The networks, and how a step trains them."""
