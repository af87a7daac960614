"""Backbones in Keras: built, given weights and exported to ONNX here; serving never imports this room.

`catalog` is plain data; every other module needs TensorFlow.
"""
