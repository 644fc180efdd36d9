//! What a folder holds, told by its names and a few first bytes.
//!
//! [`recognise`] is a pure function of a [`Tree`]. It knows what other programs leave on a disk, so that whoever opens
//! it reads what it is and the one command that makes a model of it, in place of what it is not.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::folder::is_lfs_pointer;
use super::step_name::StepName;
use super::weight_files::WeightFiles;
use crate::error::{Error, Kind};
use crate::json;

/// A folder's names, two levels of them, and what its telling files begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Files by name, each with its first bytes; empty where they tell nothing that the name does not.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Folders by name, with what is in them.
    pub folders: BTreeMap<String, Tree>,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A model that transformers wrote, or something that says it is one: it opens, or says why not.
    Model,
    /// What cannot be measured as it is.
    Other(Form),
    /// Nothing that is known.
    Nothing,
}

/// The forms that checkpoints have which cannot be measured as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A pointer of Git LFS in place of this file.
    LfsPointer(String),
    /// An adapter of PEFT without the model it is for, by the name of that model where it says one.
    Adapter(Option<String>),
    /// Partitions of DeepSpeed. `None` where its own script does not lie beside them.
    DeepSpeed { script: bool },
    /// Shards of PyTorch's distributed checkpoints, in the folder of this name or, `None`, directly here.
    Distributed(Option<String>),
    /// Shards of Megatron-LM or NeMo.
    Megatron,
    /// Layers of GPT-NeoX, the program.
    GptNeox,
    /// A checkpoint of PyTorch Lightning, by its file.
    Lightning(String),
    /// A checkpoint of LitGPT.
    LitGpt,
    /// A checkpoint of Composer, by its file.
    Composer(String),
    /// A checkpoint of OLMo-core.
    OlmoCore,
    /// A checkpoint of OLMo's first program; whether its weights are in shards.
    OldOlmo { sharded: bool },
    /// A model of llama.cpp, by its file.
    Gguf(String),
    /// Weights as Meta published them.
    Meta,
    /// Weights of another library, by its name, with the argument that reads them.
    Framework(&'static str, &'static str),
    /// Weights that lack their `config.json`.
    NoConfig(String),
}

/// Says what a folder holds.
pub fn recognise(tree: &Tree) -> Holds {
    let config = tree.files.get("config.json");
    let is_weights = |name: &str| WeightFiles::among(&[name]) != Ok(None);
    let pointer = |name: &&String| *name == "config.json" || is_weights(name);
    let mut pointers = tree.files.iter().filter(|(_, head)| is_lfs_pointer(head)).map(|(name, _)| name);
    if let Some(name) = pointers.find(pointer) {
        return Holds::Other(Form::LfsPointer(name.clone()));
    }
    let config = config.and_then(|bytes| json::from_slice(bytes).ok());
    let weights = || tree.files.keys().find(|name| is_weights(name));
    let has_weights = weights().is_some();
    let is_config = |config: &Value| config.get("model_type").is_some() || config.get("model").is_none();
    if has_weights && config.as_ref().is_some_and(is_config) {
        return Holds::Model;
    }
    match form(tree, config.as_ref()) {
        Some(form) => Holds::Other(form),
        None if tree.files.contains_key("config.json") => Holds::Model,
        None => match weights() {
            Some(weights) => Holds::Other(Form::NoConfig(weights.clone())),
            None => Holds::Nothing,
        },
    }
}

/// Whether a folder is one that its writer had not finished, by its name: it is renamed once it is whole.
pub fn is_unfinished(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["tmp-", "tmp_", "tmp."].iter().any(|start| name.starts_with(start));
    let ends = ["-tmp", "_tmp", ".tmp", ".incomplete", ".partial", "-incomplete", "_incomplete"];
    starts || ends.iter().any(|end| name.ends_with(end))
}

fn form(tree: &Tree, config: Option<&Value>) -> Option<Form> {
    let file = |name: &str| tree.files.contains_key(name);
    let folder = |name: &str| tree.folders.contains_key(name);
    let file_of = |of: &dyn Fn(&str) -> bool| tree.files.keys().find(|name| of(name)).cloned();
    let folder_of = |of: &dyn Fn(&str, &Tree) -> bool| {
        tree.folders.iter().find(|(name, below)| of(name, below)).map(|(name, _)| name.clone())
    };
    let any_file = |tree: &Tree, of: fn(&str) -> bool| tree.files.keys().any(|name| of(name));
    let is_distributed = |tree: &Tree| any_file(tree, |name| name.ends_with(".distcp"));

    if file("adapter_config.json") || file("adapter_model.safetensors") || file("adapter_model.bin") {
        let adapter = tree.files.get("adapter_config.json").and_then(|bytes| json::from_slice(bytes).ok());
        let base =
            adapter.and_then(|adapter| Some(adapter.get("base_model_name_or_path")?.as_str()?.to_owned()));
        return Some(Form::Adapter(base));
    }
    let of_olmo_core = |config: &Value| {
        config.get("model").is_some_and(Value::is_object)
            && ["dataset", "trainer", "train_module", "data_loader"]
                .iter()
                .any(|key| config.get(key).is_some())
    };
    if folder("model_and_optim") || config.is_some_and(of_olmo_core) {
        return Some(Form::OlmoCore);
    }
    if file("config.yaml") && (file("model.pt") || file("model.safetensors")) {
        return Some(Form::OldOlmo { sharded: false });
    }
    if file("config.yaml") && folder("model") && (folder("optim") || folder("train")) {
        return Some(Form::OldOlmo { sharded: true });
    }
    let neox = |name: &str| name.starts_with("layer_") && name.ends_with("-model_states.pt");
    let of_neox = |tree: &Tree| any_file(tree, neox);
    if of_neox(tree) || folder_of(&|name, below| name.starts_with("global_step") && of_neox(below)).is_some()
    {
        return Some(Form::GptNeox);
    }
    let partition = |name: &str| name.ends_with("_optim_states.pt") || name.ends_with("_model_states.pt");
    let partitions = |name: &str, below: &Tree| name.starts_with("global_step") || any_file(below, partition);
    let script = file("zero_to_fp32.py");
    if script || any_file(tree, partition) || folder_of(&partitions).is_some() {
        return Some(Form::DeepSpeed { script });
    }
    let rank = |name: &str| name.starts_with("mp_rank_");
    let ranks = |name: &str, below: &Tree| rank(name) || below.folders.keys().any(|name| rank(name));
    let iteration = |name: &str| name.strip_prefix("iter_").is_some_and(is_digits);
    let megatron = file("latest_checkpointed_iteration.txt") || file("model_optim_rng.pt");
    let iterations =
        folder_of(&|name, below| ranks(name, below) || (iteration(name) && is_distributed(below)));
    if megatron || iterations.is_some() || (is_distributed(tree) && file("metadata.json")) {
        return Some(Form::Megatron);
    }
    let fsdp = |name: &str, below: &Tree| name.starts_with("pytorch_model_fsdp_") || is_distributed(below);
    let of_model = |name: &str| !name.starts_with("optimizer") && StepName::parse(name).is_none();
    if let Some(name) = folder_of(&|name, below| of_model(name) && fsdp(name, below)) {
        return Some(Form::Distributed(Some(name)));
    }
    if is_distributed(tree) {
        return Some(Form::Distributed(None));
    }
    if file("lit_model.pth") {
        return Some(Form::LitGpt);
    }
    if let Some(name) = file_of(&|name| name.ends_with(".ckpt")) {
        return Some(Form::Lightning(name));
    }
    if let Some(name) =
        file_of(&|name| name.starts_with("ep") && name.contains("-ba") && name.ends_with(".pt"))
    {
        return Some(Form::Composer(name));
    }
    if let Some(name) = file_of(&|name| name.to_ascii_lowercase().ends_with(".gguf")) {
        return Some(Form::Gguf(name));
    }
    if file("params.json") && file_of(&|name| name.starts_with("consolidated.")).is_some() {
        return Some(Form::Meta);
    }
    let frameworks =
        [("tf_model.h5", "TensorFlow", "from_tf=True"), ("flax_model.msgpack", "Flax", "from_flax=True")];
    let found = frameworks.into_iter().find(|(name, ..)| file(name));
    found.map(|(_, library, argument)| Form::Framework(library, argument))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Form {
    /// The error of a folder of this form: what it is, and the command that makes a model of it.
    pub fn error(&self, folder: &Path) -> Error {
        let (cause, help) = self.words(&folder.display().to_string());
        Error::new(Kind::Folder, cause).help(help).at(match self {
            Self::LfsPointer(name) => folder.join(name),
            _ => folder.to_owned(),
        })
    }

    /// What it is, and what to do about it; `here` is the folder's path.
    fn words(&self, here: &str) -> (String, String) {
        let transformers = |argument: &str| {
            format!(
                "run `python -c \"from transformers import AutoModelForCausalLM as M; \
                 M.from_pretrained('.', {argument}).save_pretrained('hf')\"` in it and open hf"
            )
        };
        let says = |cause: &str, help: &str| (cause.to_owned(), help.replace("THIS", here));
        match self {
            Self::LfsPointer(_) => says("a Git LFS pointer", "run `git lfs pull`"),
            Self::Adapter(base) => {
                let of = base.as_ref().map_or_else(String::new, |base| format!(" of {base}"));
                let help = "merge it into its model: run `python -c \"from peft import AutoPeftModelForCausalLM as M; \
                            M.from_pretrained('.').merge_and_unload().save_pretrained('merged')\"` in it and open merged";
                (format!("an adapter (LoRA){of}, not a whole model"), help.to_owned())
            }
            Self::DeepSpeed { script: true } => says(
                "a DeepSpeed checkpoint, its weights partitioned over ranks",
                "run `python zero_to_fp32.py . pytorch_model.bin` in it",
            ),
            Self::DeepSpeed { script: false } => says(
                "a DeepSpeed checkpoint, its weights partitioned over ranks",
                "run `python -m deepspeed.utils.zero_to_fp32 . pytorch_model.bin` in the folder above global_step*",
            ),
            Self::Distributed(Some(name)) if name.starts_with("pytorch_model_fsdp") => (
                "an FSDP checkpoint, its weights in shards of torch.distributed".to_owned(),
                format!("run `accelerate merge-weights {name} .` in it"),
            ),
            Self::Distributed(within) => {
                let folder = within.as_deref().unwrap_or(".");
                (
                    "a distributed checkpoint of PyTorch (FSDP), its weights in shards".to_owned(),
                    format!(
                        "run `python -m torch.distributed.checkpoint.format_utils dcp_to_torch {folder} \
                         pytorch_model.bin` in it, with the model's config.json beside"
                    ),
                )
            }
            Self::Megatron => says(
                "a Megatron-LM checkpoint, its weights in shards of ranks",
                "run `python -c \"from megatron.bridge import AutoBridge as B; \
                 B.from_hf_pretrained('ORG/MODEL').export_ckpt('.', 'hf')\"` in it and open hf",
            ),
            Self::GptNeox => says(
                "a checkpoint of GPT-NeoX, a file a layer",
                "run GPT-NeoX's `python tools/ckpts/convert_neox_to_hf.py --input_dir THIS --config_file CONFIG.yml \
                 --output_dir hf` and open hf",
            ),
            Self::Lightning(name) => (
                format!("a PyTorch Lightning checkpoint ({name})"),
                format!(
                    "save the model within as transformers does: run `python -c \"from YOUR_CODE import Module; \
                     Module.load_from_checkpoint('{name}').model.save_pretrained('hf')\"` and open hf"
                ),
            ),
            Self::LitGpt => says(
                "a LitGPT checkpoint",
                "run `litgpt convert_from_litgpt . hf && mv hf/model.pth hf/pytorch_model.bin` in it, put the model's \
                 config.json beside and open hf",
            ),
            Self::Composer(name) => (
                format!("a Composer checkpoint ({name})"),
                format!(
                    "run LLM Foundry's `python scripts/inference/convert_composer_to_hf.py --composer_path {name} \
                     --hf_output_path hf` and open hf"
                ),
            ),
            Self::OlmoCore => says(
                "an OLMo-core checkpoint, its weights in shards",
                "run OLMo-core's `python src/examples/huggingface/convert_checkpoint_to_hf.py -i THIS -o hf` and open hf",
            ),
            Self::OldOlmo { sharded: false } => says(
                "a checkpoint of OLMo's own program (config.yaml), not of transformers",
                "run OLMo's `python scripts/convert_olmo_to_hf_new.py --input_dir THIS --output_dir hf \
                 --tokenizer_json_path TOKENIZER.json` and open hf",
            ),
            Self::OldOlmo { sharded: true } => says(
                "a checkpoint of OLMo's own program (config.yaml), its weights in shards",
                "run OLMo's `python scripts/unshard.py THIS unsharded --model-only`, then \
                 `python scripts/convert_olmo_to_hf_new.py` on unsharded",
            ),
            Self::Gguf(name) => {
                (format!("a GGUF file of llama.cpp ({name})"), transformers(&format!("gguf_file='{name}'")))
            }
            Self::Meta => says(
                "weights as Meta published them (params.json)",
                "run `python -m transformers.models.llama.convert_llama_weights_to_hf --input_dir . --output_dir hf` \
                 of a transformers before 5 in it and open hf",
            ),
            Self::Framework(library, argument) => (
                format!("weights of {library}"),
                transformers(argument) + "; only transformers before 5 reads them",
            ),
            Self::NoConfig(weights) => (
                format!("weights ({weights}) without a config.json"),
                "put the model's config.json beside them".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
#[path = "recognise_tests.rs"]
mod tests;
