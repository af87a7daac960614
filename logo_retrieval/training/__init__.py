"""Training: art, augmentation, losses, fitting. TensorFlow is imported by `heads` and `fit` alone."""
