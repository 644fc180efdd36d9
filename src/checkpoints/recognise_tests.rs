use std::path::Path;

use super::*;

/// A tree of these paths, each with what its file begins with.
fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    for (path, head) in files {
        let mut at = &mut tree;
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap();
        for folder in parts {
            at = at.folders.entry(folder.to_owned()).or_default();
        }
        if !name.is_empty() {
            at.files.insert(name.to_owned(), head.as_bytes().to_vec());
        }
    }
    tree
}

/// A tree of these paths with a configuration of transformers.
fn model(files: &[&str]) -> Tree {
    let config = ("config.json", r#"{"model_type": "llama"}"#);
    tree(&files.iter().map(|file| (*file, "")).chain([config]).collect::<Vec<_>>())
}

fn of(files: &[&str]) -> Tree {
    tree(&files.iter().map(|file| (*file, "")).collect::<Vec<_>>())
}

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";

#[test]
fn models_of_transformers() {
    for weights in [
        "model.safetensors",
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model-00001-of-00002.bin",
    ] {
        assert_eq!(recognise(&model(&[weights])), Holds::Model, "{weights}");
        // What a Trainer leaves beside them takes nothing from them.
        let beside =
            ["optimizer.pt", "trainer_state.json", "global_step5/x_optim_states.pt", "zero_to_fp32.py"];
        assert_eq!(recognise(&model(&[&[weights][..], &beside].concat())), Holds::Model, "{weights}");
    }
    // Without weights, or with a configuration that says nothing, it is for the reader of models to say so.
    assert_eq!(recognise(&model(&[])), Holds::Model);
    assert_eq!(recognise(&of(&["config.json", "model.safetensors"])), Holds::Model);
    assert_eq!(recognise(&tree(&[("config.json", "{}")])), Holds::Model);
    assert_eq!(recognise(&of(&["notes.txt", "step1/x"])), Holds::Nothing);
    assert_eq!(recognise(&of(&[])), Holds::Nothing);
    // A folder of checkpoints is none of their form.
    assert_eq!(recognise(&of(&["step1/__0_0.distcp", "step2/__0_0.distcp"])), Holds::Nothing);
}

#[test]
fn every_other_form_is_told_with_what_makes_it_readable() {
    let olmo_core = r#"{"model": {"d_model": 64}, "dataset": {}, "trainer": {}}"#;
    let adapter = r#"{"base_model_name_or_path": "org/base", "peft_type": "LORA", "x": NaN}"#;
    for (tree, cause, help) in [
        (tree(&[("config.json", "{}"), ("model.safetensors", POINTER)]), "Git LFS pointer", "`git lfs pull`"),
        (tree(&[("config.json", POINTER)]), "Git LFS pointer", "`git lfs pull`"),
        (
            tree(&[("adapter_config.json", adapter), ("adapter_model.safetensors", "")]),
            "an adapter (LoRA) of org/base,",
            "merge_and_unload",
        ),
        (model(&["adapter_config.json", "adapter_model.bin"]), "an adapter (LoRA),", "merge_and_unload"),
        (
            model(&["global_step5/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", "zero_to_fp32.py"]),
            "DeepSpeed",
            "`python zero_to_fp32.py . pytorch_model.bin`",
        ),
        (of(&["zero_pp_rank_0_mp_rank_00_optim_states.pt"]), "DeepSpeed", "deepspeed.utils.zero_to_fp32"),
        (
            model(&["pytorch_model_fsdp_0/__0_0.distcp", "optimizer_0/__0_0.distcp"]),
            "FSDP",
            "`accelerate merge-weights pytorch_model_fsdp_0 .`",
        ),
        (of(&["__0_0.distcp", ".metadata"]), "distributed", "dcp_to_torch . pytorch_model.bin"),
        (of(&["weights/__0_0.distcp"]), "distributed", "dcp_to_torch weights"),
        (of(&["iter_0001000/mp_rank_00/", "latest_checkpointed_iteration.txt"]), "Megatron", "export_ckpt"),
        (of(&["iter_0001000/mp_rank_00/"]), "Megatron", "export_ckpt"),
        (of(&["mp_rank_00_000/model_optim_rng.pt"]), "Megatron", "export_ckpt"),
        (of(&["iter_0001000/__0_0.distcp"]), "Megatron", "export_ckpt"),
        (of(&["latest_checkpointed_iteration.txt", "iter_5/__0_0.distcp"]), "Megatron", "export_ckpt"),
        (of(&["metadata.json", "__0_0.distcp"]), "Megatron", "export_ckpt"),
        (of(&["global_step9/layer_00-model_00-model_states.pt"]), "GPT-NeoX", "convert_neox_to_hf.py"),
        (of(&["epoch=1-step=500.ckpt"]), "Lightning", "save_pretrained"),
        (of(&["lit_model.pth", "model_config.yaml"]), "LitGPT", "convert_from_litgpt"),
        (of(&["ep0-ba1000-rank0.pt"]), "Composer", "convert_composer_to_hf.py"),
        (
            tree(&[("config.json", olmo_core), ("model_and_optim/.metadata", ""), ("train/", "")]),
            "OLMo-core",
            "convert_checkpoint_to_hf.py",
        ),
        (of(&["model_and_optim/__0_0.distcp"]), "OLMo-core", "convert_checkpoint_to_hf.py"),
        (of(&["config.yaml", "model.pt"]), "config.yaml", "convert_olmo_to_hf_new.py --input_dir /folder --"),
        (of(&["config.yaml", "model.safetensors"]), "config.yaml", "convert_olmo_to_hf_new.py"),
        (of(&["config.yaml", "model/", "optim/", "train/"]), "config.yaml", "unshard.py"),
        (of(&["llama.Q4_K_M.gguf"]), "GGUF", "gguf_file='llama.Q4_K_M.gguf'"),
        (of(&["params.json", "consolidated.00.pth"]), "Meta", "convert_llama_weights_to_hf"),
        (model(&["flax_model.msgpack"]), "Flax", "from_flax=True"),
        (of(&["model.safetensors", "tokenizer.json"]), "without a config.json", "config.json beside"),
    ] {
        let Holds::Other(form) = recognise(&tree) else { panic!("{cause}: {tree:?}") };
        let text = form.error(Path::new("/folder")).to_string();
        assert!(text.contains(cause) && text.contains(help) && !text.contains('\n'), "{text}");
        assert!(text.rsplit_once(": ").unwrap().1.starts_with("/folder"), "{text}");
    }
}

#[test]
fn folders_that_their_writer_had_not_finished() {
    for name in ["tmp-checkpoint-500", "step1000-tmp", "checkpoint-5.tmp", "TMP_step1", "step5.incomplete"] {
        assert!(is_unfinished(name), "{name}");
    }
    for name in ["checkpoint-500", "tmpfs", "template", "attempt-5", "tmp"] {
        assert!(!is_unfinished(name), "{name}");
    }
}
