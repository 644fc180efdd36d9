//! Names of tensors as what was wrapped around a model leaves them.

use std::borrow::Cow;

/// What wrappers put into names at any place: `torch.compile`, and PyTorch's sharding and recomputation.
const ANYWHERE: [&str; 3] = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"];

/// What wrappers put before all names: data parallelism, and adapters of PEFT.
const BEFORE: [&str; 2] = ["module.", "base_model.model."];

/// A tensor's name without what known wrappers put into it, in whatever order they were put around the model and each
/// other.
pub fn unwrapped(name: &str) -> Cow<'_, str> {
    let parts = || name.split('.').filter(|part| !ANYWHERE.contains(part));
    let name = match name.split('.').any(|part| ANYWHERE.contains(&part)) {
        true => Cow::Owned(parts().collect::<Vec<_>>().join(".")),
        false => Cow::Borrowed(name),
    };
    let mut rest = &*name;
    while let Some(inner) = BEFORE.iter().find_map(|wrapper| rest.strip_prefix(wrapper)) {
        rest = inner;
    }
    match rest.len() == name.len() {
        true => name,
        false => Cow::Owned(rest.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::unwrapped;

    #[test]
    fn known_wrappers_are_seen_through_in_any_order() {
        for name in [
            "model.layers.0.mlp.up_proj.weight",
            "_orig_mod.model.layers.0.mlp.up_proj.weight",
            "module.model.layers.0.mlp.up_proj.weight",
            "module.module.model.layers.0.mlp.up_proj.weight",
            "base_model.model.model.layers.0.mlp.up_proj.weight",
            "_orig_mod.module.base_model.model.model.layers.0.mlp.up_proj.weight",
            "module._orig_mod.model.layers.0.mlp.up_proj.weight",
            "_fsdp_wrapped_module.model.layers.0._fsdp_wrapped_module.mlp.up_proj.weight",
            "model.layers.0._checkpoint_wrapped_module._orig_mod.mlp.up_proj.weight",
        ] {
            assert_eq!(unwrapped(name), "model.layers.0.mlp.up_proj.weight", "{name}");
        }
        // Parts of models that only sound alike.
        for name in ["model.module.weight", "my_orig_mod.weight", "base_model.embed.weight", ""] {
            assert_eq!(unwrapped(name), name);
        }
    }
}
