"""The scenes: one module for each, or for a small family; ``registry`` lists them."""
