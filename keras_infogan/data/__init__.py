"""Where images come from, and the batches that training gets of them."""
