"""Training: art, augmentation, losses, fitting. What needs Keras imports it from `backbones.backend`."""
