"""Words of the field for ops that archc does not have, so that none of them is taken for a misspelling of another op.

An op that archc or a distribution brings takes its words over: its name and `other_names` are looked up first.
"""

from __future__ import annotations

_POOLS = (
    "pool pooling pool2d pooling2d avg_pool3d average_pooling3d adaptive_avg_pool3d "
    "adaptive_max_pool3d global_average_pooling3d global_max_pooling3d max_pool3d "
    "max_pooling3d max_unpool max_unpool2d lp_pool lp_pool2d roi_pool roi_pooling roi_align max_roi_pool spp "
    "spatial_pyramid_pooling sppf fractional_max_pool2d stochastic_pool stochastic_pooling"
)
_ACTIVATIONS = (
    "log_sigmoid rrelu celu glu geglu swiglu reglu softsign softmin hard_tanh hard_shrink "
    "soft_shrink tanh_shrink threshold thresholded_relu crelu maxout exp exponential square sqrt abs abs_val power log "
    "sin cos erf sign quick_gelu stan loggy ramp lhtan plse hardtan relie clip clamp"
)
_NORMS = (
    "instance_norm3d unit_normalization l2_norm l2_normalize l2_normalization weight_norm "
    "weight_normalization spectral_norm spectral_normalization batch_norm3d batch_renorm batch_renormalization mvn "
    "mean_variance_normalization switchable_norm"
)
_CONVOLUTIONS = (
    "conv3d convolution3d conv_transpose3d conv3d_transpose "
    "depthwise_conv depthwise_conv1d depthwise_conv2d conv_depthwise "
    "separable_conv separable_conv1d separable_conv2d separable_convolution2d locally_connected1d locally_connected2d "
    "local local_conv conv_local deform_conv2d deformable_convolution lazy_conv2d bottleneck inverted_residual "
    "squeeze_excite squeeze_excitation se_block resblock residual_block inception c3 c2f csp focus"
)
_DENSE = "bilinear einsum_dense mat_mul matmul bmm mm dot sparse_linear"
_SEQUENCES = (
    "rnn simple_rnn lstm_cell gru_cell bidirectional time_distributed conv_lstm1d conv_lstm2d crnn "
    "embedding_bag additive_attention "
    "transformer transformer_encoder "
    "transformer_encoder_layer transformer_decoder transformer_decoder_layer cbam text_vectorization"
)
_SHAPES = (
    "squeeze unsqueeze expand_dims repeat_vector zero_padding3d cropping3d split chunk "
    "gather tile up_sampling3d resizing pixel_shuffle depth_to_space reorg reorg3d fold unfold im2col "
    "masking flip"
)
_MERGES = (
    "minimum average mean reduce_mean reduce_sum reduce_max merge elementwise bilinear_pooling arg_max argmax top_k"
)
_NOISE = (
    "dropout1d dropout2d dropout3d spatial_dropout1d spatial_dropout2d spatial_dropout3d alpha_dropout "
    "feature_alpha_dropout gaussian_dropout gaussian_noise drop_block dropblock "
    "random_flip random_crop random_rotation random_zoom random_contrast rescaling lambda "
    "center_crop"
)
_MARKERS = (
    "identity noop no_op input input_layer data image_data hdf5_data memory_data placeholder output sequential module "
    "module_list model softmax_with_loss softmax_loss cross_entropy_loss euclidean_loss mse_loss hinge_loss "
    "contrastive_loss softmax_output sigmoid_cross_entropy_loss accuracy cost detection region yolo net loss "
    "bias silence activation batch_norm_relu conv_relu conv_bn_relu conv_bn conv_block"
)
FAMILIES = (_POOLS, _ACTIVATIONS, _NORMS, _CONVOLUTIONS, _DENSE, _SEQUENCES, _SHAPES, _MERGES, _NOISE, _MARKERS)

_NAME_OF_INPUT = "delete the layer: `input:` at the top of the spec declares the input"
_LOSS = "use `{op: softmax}` as the last layer, and `loss: cross_entropy` in `train:`"
_TWO = "write each of its steps as a layer of its own"
_DEPTHWISE = "use `{op: conv2d, filters: {times: 1}, groups: each}`"
_DEPTHWISE_1D = "use `{op: conv1d, filters: {times: 1}, groups: each}`"
_NOTHING = "delete the layer: it changes nothing"
REMARKS = {
    **dict.fromkeys("depthwise_conv depthwise_conv2d conv_depthwise".split(), _DEPTHWISE),
    **dict.fromkeys(
        "separable_conv separable_conv2d separable_convolution2d".split(),
        f"{_DEPTHWISE}, and a second `conv2d` with `kernel: 1` after it",
    ),
    **dict.fromkeys("identity noop no_op silence".split(), _NOTHING),
    **dict.fromkeys("input input_layer data image_data hdf5_data memory_data placeholder".split(), _NAME_OF_INPUT),
    **dict.fromkeys("softmax_with_loss softmax_loss softmax_output cross_entropy_loss".split(), _LOSS),
    **dict.fromkeys("sequential module module_list model net".split(), "write its layers directly under `layers:`"),
    **dict.fromkeys("batch_norm_relu conv_relu conv_bn_relu conv_bn conv_block".split(), _TWO),
    **dict.fromkeys(
        "pool pooling pool2d pooling2d".split(),
        "use `{op: max_pool2d}` for the maximum or `{op: avg_pool2d}` for the mean, in Caffe with `rounding: ceil`, "
        "and `stride: 1` if it has none; of whole maps, use `{op: global_max_pool}` or `{op: global_avg_pool}`",
    ),
    **dict.fromkeys(
        "merge elementwise".split(),
        "use `{op: add}`, `{op: multiply}`, `{op: maximum}`, `{op: subtract}` or `{op: concat}`",
    ),
    "depthwise_conv1d": _DEPTHWISE_1D,
    "separable_conv1d": f"{_DEPTHWISE_1D}, and a second `conv1d` with `kernel: 1` after it",
    **dict.fromkeys("mean reduce_mean".split(), "use `{op: global_avg_pool}`, the mean of each map"),
    "reduce_max": "use `{op: global_max_pool}`, the largest value of each map",
    **dict.fromkeys(
        "split chunk".split(), "use a `slice` layer for each part, such as `{op: slice, start: 0, stop: 32}`"
    ),
    "squeeze": "use `{op: flatten}` for the values of maps as one vector",
    **dict.fromkeys("unsqueeze expand_dims".split(), "use `{op: reshape}` with the sizes of the output in `to`"),
    "bidirectional": "write `bidirectional: true` in the `lstm` or `gru` layer",
    "rescaling": "use `{op: normalize}`: with `scale: s, offset: o`, its `std` is 1 / s and its `mean` -o / s",
    **dict.fromkeys("dropout1d spatial_dropout1d".split(), "`{op: dropout}` drops single values, not whole channels"),
    **dict.fromkeys("dropout2d spatial_dropout2d".split(), "`{op: dropout}` drops single values, not whole maps"),
    "time_distributed": "write the layer inside it: a `dense` layer reads each position of a sequence by itself",
    "activation": "write the name of the activation as the op, such as `{op: relu}`",
    "output": "delete the layer: `outputs:` at the top of the spec lists the outputs",
    "accuracy": "delete the layer: training measures the error itself",
}
"""What to write instead, for the words where that is something."""


def absent() -> dict[str, str]:
    """The words, as they are usually written, with the remark on each, or an empty string."""
    words = (word for family in FAMILIES for word in family.split())
    return {word: REMARKS.get(word, "") for word in words}
