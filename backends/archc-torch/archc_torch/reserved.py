"""Names that a layer or a network cannot have in an emitted PyTorch file."""

from __future__ import annotations

from archc.emit.snippets import names_in

# Public attributes of every module: a layer with such a name would hide one. A test compares them with PyTorch's own.
ATTRIBUTES = frozenset(
    """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
    insert ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty
    train training type xpu zero_grad
    """.split()
)

# Names that the file itself uses where layers are named, and three that linters refuse: I, O and l.
OWN = frozenset(
    """
    I O l OrderedDict ReduceLROnPlateau Self classmethod evaluate evaluate_on load nn predict reset_parameters self str
    super torch tuple x
    """.split()
)

# Layers are attributes, which hide nothing of the module around the class. Only the network's class shares its names,
# and like all classes it starts with a capital.
CLASSES = frozenset(name for name in names_in("archc_torch.snippets") if name[0].isupper())

RESERVED = ATTRIBUTES | OWN | CLASSES
