"""What sits on a backbone while it is trained, and the losses: origin's head, and a cosine softmax with margin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logo_retrieval.backbones.backend import keras

Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]

_FAR = -1e9


@keras.saving.register_keras_serializable(package="logo_retrieval")
class CosineSimilarities(keras.layers.Layer):  # type: ignore[misc]
    """The cosine of an embedding with one learned vector a target.

    Attributes:
        targets: how many.
    """

    def __init__(self, targets: int, **base: Any) -> None:  # noqa: ANN401 - of keras.Layer
        """Makes the layer; `base` goes to `keras.layers.Layer`."""
        super().__init__(**base)
        self.targets = targets

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the (d, t) vectors."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.targets),
            initializer=keras.initializers.RandomNormal(stddev=0.05),
        )

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """From (n, d) unit vectors to (n, t) in -1..1."""
        return keras.ops.matmul(inputs, keras.ops.normalize(self.kernel, axis=0))

    def get_config(self) -> dict[str, Any]:
        """Gives the arguments that make this layer again."""
        return {**super().get_config(), "targets": self.targets}


def origin_head(features: keras.KerasTensor, targets: int) -> keras.KerasTensor:
    """The origin's: 512 elu, dropout .3, 256 elu, dropout .2, softmax; the softmax itself is in the loss."""
    layers = keras.layers
    x = layers.Dense(512, activation="elu", name="origin_dense_1")(features)
    x = layers.Dropout(0.3, name="origin_dropout_1")(x)
    x = layers.Dense(256, activation="elu", name="origin_dense_2")(x)
    x = layers.Dropout(0.2, name="origin_dropout_2")(x)
    return layers.Dense(targets, name="logits")(x)


def cosine_margin_loss(targets: int, *, scale: float, margin: float, smoothing: float) -> Loss:
    """CosFace (Wang et al. 2018, arXiv 1801.09414, equation 4) with label smoothing.

    The cosine of the true target less the margin, all times the scale, then softmax cross-entropy.

    Args:
        targets: t.
        scale: s of the paper, above 0.
        margin: m of the paper, in units of cosine.
        smoothing: share of the probability spread over all targets, in [0, 1).

    Returns:
        A loss of (n,) or (n, 1) true targets and (n, t) cosines.
    """

    def loss(true: keras.KerasTensor, cosines: keras.KerasTensor) -> keras.KerasTensor:
        truth = keras.ops.one_hot(keras.ops.reshape(keras.ops.cast(true, "int32"), (-1,)), targets, dtype=cosines.dtype)
        wanted = truth * (1 - smoothing) + smoothing / targets
        return keras.losses.categorical_crossentropy(wanted, scale * (cosines - margin * truth), from_logits=True)

    return loss


def softmax_loss(true: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """The origin's: cross-entropy of the softmax."""
    return keras.losses.sparse_categorical_crossentropy(keras.ops.reshape(true, (-1,)), logits, from_logits=True)


def contrastive_loss(temperature: float) -> Loss:
    """Supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, equation 2, L_out).

    Each row is an anchor; its positives are the other rows of its target. Rows without any count nothing.

    Args:
        temperature: above 0.

    Returns:
        A loss of (n,) or (n, 1) true targets and (n, d) unit vectors.
    """

    def loss(true: keras.KerasTensor, vectors: keras.KerasTensor) -> keras.KerasTensor:
        ops = keras.ops
        labels = ops.reshape(true, (-1, 1))
        not_self = 1 - ops.eye(ops.shape(vectors)[0], dtype=vectors.dtype)
        positive = ops.cast(ops.equal(labels, ops.transpose(labels)), vectors.dtype) * not_self
        logits = ops.matmul(vectors, ops.transpose(vectors)) / temperature
        log_shares = logits - ops.logsumexp(logits + _FAR * (1 - not_self), axis=1, keepdims=True)
        return -ops.sum(positive * log_shares, axis=1) / ops.maximum(ops.sum(positive, axis=1), 1)

    return loss
