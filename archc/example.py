"""What the examples of codes and ops begin with; each goes on with its layers."""

from __future__ import annotations

_BEGIN = "schema: archc/v1\nname: example\ninput: {image: [3, 8, 8]}\n"

HEAD = _BEGIN + "layers:\n"
CONV_HEAD = _BEGIN + "defaults: {conv2d: {weight_init: {he_normal: {}}}}\nlayers:\n"
_SEQUENCE = "schema: archc/v1\nname: example\ninput: {sound: [2, 16]}\n"
SEQUENCE_HEAD = _SEQUENCE + "layers:\n"
CONV1D_HEAD = _SEQUENCE + "defaults: {conv1d: {weight_init: {he_normal: {}}}}\nlayers:\n"
TOKENS_HEAD = "schema: archc/v1\nname: example\ninput: {words: {tokens: [8], vocabulary: 100}}\nlayers:\n"
DENSE_HEAD = _BEGIN + "defaults: {dense: {weight_init: {he_normal: {}}}}\nlayers:\n"
FREE_HEAD = (
    "schema: archc/v1\nname: example\ninput: {image: [3, null, null]}\n"
    "defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}\nlayers:\n"
)
