"""The words of other frameworks for the fields and values of the sections of a spec.

If several archc words match a foreign one, the one that is allowed at that position is used.
"""

from __future__ import annotations

OF_SECTIONS: dict[str, tuple[str, ...]] = {
    # A spec and a layer.
    "name": ("model_name", "network_name"),
    "input": ("inputs", "image", "input_shape", "input_size", "input_dim"),
    "blocks": ("block", "templates", "macros", "components", "submodules", "definitions"),
    "layers": ("model", "network", "architecture", "net", "modules", "layer"),
    "train": ("training", "hyperparameters", "solver", "recipe"),
    "outputs": ("output",),
    "expect": ("expected", "expects"),
    "from": ("bottom", "bottoms", "inputs", "input", "layers", "source", "inbound_nodes", "input_layers"),
    "op": ("type", "layer_type", "op_type", "layer", "kind", "class", "class_name", "module", "operation"),
    "devices": ("gpus", "num_gpus", "n_gpus", "num_devices"),
    "parameters": (
        *("params", "num_params", "n_params", "total_params", "num_parameters", "weights", "total_parameters"),
        *("trainable_params", "trainable_parameters", "param_count", "parameter_count"),
    ),
    "macs": ("mult_adds", "multiply_adds", "mac"),
    # A recipe.
    "batch": ("batch_size", "minibatch", "minibatch_size", "train_batch_size", "mini_batch_size"),
    "epochs": ("max_epochs", "num_epochs", "n_epochs", "max_epoch", "nb_epoch", "epoch", "num_train_epochs"),
    "loss": ("criterion", "objective", "loss_function", "loss_fn", "cost"),
    "optimizer": ("optimiser", "optim", "opt", "solver"),
    "schedule": ("scheduler", "lr_schedule", "lr_scheduler", "lr_policy"),
    "data": ("dataset", "transforms", "transform", "preprocessing", "augmentation"),
    "test": ("testing", "eval", "evaluation", "validation", "val"),
    "label_smoothing": ("smoothing", "label_smooth"),
    "clip": (
        *("clip_norm", "grad_clip", "gradient_clip", "gradient_clip_val", "gradient_clip_norm", "max_grad_norm"),
        *("clip_grad_norm", "grad_clip_norm", "global_clipnorm", "clip_gradients", "gradient_clipping", "clip_grad"),
        "max_norm",
    ),
    # An optimizer and a schedule.
    "lr": ("learning_rate", "base_lr", "initial_lr", "lr0", "eta"),
    "weight_decay": ("wd", "l2", "l2_regularization"),
    "decay_biases": ("bias_decay", "decay_bias"),
    "rule": ("update_rule", "form", "variant"),
    "bias_lr_factor": ("bias_lr_mult", "bias_lr_multiplier", "bias_lr_scale"),
    "beta1": ("b1", "adam_beta1"),
    "beta2": ("b2", "adam_beta2"),
    "epsilon": ("eps", "adam_epsilon"),
    "step": ("step_lr", "lr_step"),
    "cosine": ("cosine_annealing", "cosine_annealing_lr", "cosine_decay", "cosine_lr"),
    "warmup": ("warm_up", "linear_warmup", "lr_warmup"),
    "factor": ("gamma", "decay_rate"),
    "end_factor": ("alpha", "final_factor"),
    "steps": ("iters", "iterations", "num_steps"),
    "on_plateau": ("reduce_lr_on_plateau", "plateau"),
    # The preparation of pictures.
    "resize": ("resize_to", "shorter_side", "short_side"),
    "crop": ("crop_size", "random_crop", "center_crop"),
    "mirror": ("flip", "hflip", "horizontal_flip", "random_flip", "random_horizontal_flip", "fliplr"),
    "scale": ("max_pixel_value", "divide_by", "divisor"),
    "mean": ("subtract_mean", "mean_subtraction", "image_mean", "pixel_mean", "mean_values"),
    "std": ("stds", "stddev", "image_std", "pixel_std", "standard_deviation", "deviation"),
    "color_pca": ("pca", "lighting", "pca_jitter", "colour_pca"),
    # Values.
    "cross_entropy": (
        *("cross_entropy_loss", "categorical_crossentropy", "sparse_categorical_crossentropy", "softmax_cross_entropy"),
        *("softmax_with_loss", "softmax_loss", "cross_entropy_with_logits", "ce", "xent"),
    ),
    "binary_cross_entropy": (
        *("binary_crossentropy", "bce", "bce_loss", "bce_with_logits", "bce_with_logits_loss", "log_loss"),
        "binary_cross_entropy_with_logits",
    ),
    "mean_squared_error": ("mse", "mse_loss", "squared_error", "mean_square_error"),
    "center": ("centre", "center_crop", "centre_crop", "single_crop", "one_crop", "1crop"),
    "ten_crop": ("ten_crops", "10crop", "10_crops", "tencrop"),
    "pixel": ("per_pixel", "image_mean"),
    "channel": ("per_channel",),
    "columns": ("column",),
    "paper": ("alexnet", "caffe"),
    "pytorch": ("torch",),
    "sgd": ("momentum_sgd", "sgd_momentum"),
    "adam": ("adam_optimizer",),
    "adamw": ("adam_w", "adam_weight_decay"),
}
