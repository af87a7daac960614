"""The catalogue is data: consistent, and readable where TensorFlow is not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from logo_retrieval.backbones.catalog import CATALOG, PIXEL_RULES, BackboneSpec, find_backbone
from logo_retrieval.errors import ModelError


@pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG)
def test_every_field_is_filled_and_plausible(spec: BackboneSpec) -> None:
    assert CATALOG[spec.name] is spec
    assert spec.name == spec.name.lower()
    assert spec.name.isidentifier()
    assert spec.constructor.count(":") == 1
    assert 128 <= spec.input_size_px <= 600
    assert spec.width % 8 == 0
    assert spec.pixel_rule in PIXEL_RULES
    assert spec.licence in {"Apache-2.0", "BSD-3-Clause", "MIT"}
    assert "arXiv" in spec.paper
    assert spec.weights_source


def test_the_classic_four_come_first() -> None:
    assert list(CATALOG)[:4] == ["resnet50", "xception", "densenet169", "inception_resnet_v2"]


@pytest.mark.parametrize(
    ("rule", "black", "white"),
    [
        ("caffe", (-103.939, -116.779, -123.68), (151.061, 138.221, 131.32)),
        ("tf", (-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
        ("torch", (-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225), (0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225)),
        ("lite", (-127 / 128,) * 3, (1.0, 1.0, 1.0)),
        ("efficientnet_v2", (-1.0, -1.0, -1.0), (127 / 128,) * 3),
    ],
)
def test_pixel_rules_map_black_and_white_as_the_weights_expect(
    rule: str, black: tuple[float, ...], white: tuple[float, ...]
) -> None:
    mean, scale = np.array(PIXEL_RULES[rule].mean), np.array(PIXEL_RULES[rule].scale)
    np.testing.assert_allclose((0 - mean) / scale, black, atol=1e-6)
    np.testing.assert_allclose((255 - mean) / scale, white, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("resnet-50", "resnet50"),
        ("EfficientNet-Lite0", "efficientnet_lite0"),
        ("InceptionResNetV2", "inception_resnet_v2"),
    ],
)
def test_an_unknown_name_gets_near_ones(name: str, offered: str) -> None:
    with pytest.raises(ModelError, match=f"unknown backbone '{name}': did you mean .*{offered}"):
        find_backbone(name)


def test_a_name_like_no_other_gets_them_all() -> None:
    with pytest.raises(ModelError, match="densenet121, .*xception"):
        find_backbone("???")


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_catalogue_needs_no_tensorflow() -> None:
    blocked = "import sys; sys.modules.update(dict.fromkeys(['tensorflow', 'keras']))\n"
    code = "from logo_retrieval.backbones.catalog import find_backbone; print(find_backbone('resnet50').width)"
    assert run_python(blocked + code) == "2048"


def test_building_without_tensorflow_names_the_extra() -> None:
    message = run_python(
        "import sys; sys.modules['keras'] = None\n"
        "from logo_retrieval.errors import BackendError\n"
        "try:\n"
        "    import logo_retrieval.backbones.build\n"
        "except BackendError as error:\n"
        "    print(error)"
    )
    assert "pip install 'logo-retrieval[train]'" in message
