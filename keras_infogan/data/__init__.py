"""Where images come from, and the batches that training gets of them."""

# How an image of another aspect ratio is fitted; see `fit_image`.
RESIZE_MODES = ("crop", "pad", "stretch")
