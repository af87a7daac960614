"""Which versions of libraries are installed."""

from __future__ import annotations


def installed_version(distribution: str) -> str:
    """The version of a distribution or, where another one brings its module, what that says of itself.

    So `onnxruntime-gpu` and `onnxruntime-openvino` bring the module `onnxruntime`.

    Returns:
        The version; "unknown" where the module does not tell.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    from importlib import import_module
    from importlib.metadata import PackageNotFoundError, version  # mail and zip come with it

    try:
        return version(distribution)
    except PackageNotFoundError:
        return str(getattr(import_module(distribution.replace("-", "_")), "__version__", "unknown"))
