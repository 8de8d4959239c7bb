//! The folder of a trained model: which of its files are the model, and what they say of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::record::OURS;
use crate::remote::{HubFault, HubFaultKind, LocalFile};
use crate::sync::CARD;

/// Endings of files with weights.
const WEIGHTS: [&str; 6] = ["safetensors", "bin", "gguf", "pt", "pth", "onnx"];
/// What only serves to go on training, by its beginning.
const OF_TRAINING: [&str; 6] =
    ["optimizer.", "scheduler.", "scaler.", "rng_state", "trainer_state.json", "training_args.bin"];
const CONFIG: &str = "config.json";
const ADAPTER_CONFIG: &str = "adapter_config.json";
/// The configuration of a model is read whole.
const LARGEST_CONFIG_BYTES: u64 = 16 << 20;
/// A repository of more files than this is no model.
const MOST_FILES: usize = 10_000;

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// It writes text.
    Writing,
    /// It judges text, as a reward model.
    Judging,
    /// Something that the folder does not tell.
    Unknown,
}

/// What a model is loaded with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Library {
    /// Adapters, on top of another model.
    Peft(Task),
    /// transformers.
    Transformers(Task),
    /// llama.cpp and what is built on it.
    Gguf,
    /// Something that the folder does not tell.
    Unknown,
}

/// The model in a folder.
#[derive(Debug)]
pub(super) struct ModelFolder {
    /// Its files by their path, with `/` between its parts; the card is not among them.
    pub(super) files: BTreeMap<String, PathBuf>,
    /// What stays here.
    pub(super) left_out: Vec<String>,
    /// The card that the trainer or the user left.
    pub(super) card: Option<String>,
    /// What it is loaded with.
    pub(super) library: Library,
    /// The model that adapters go on top of, as their configuration names it.
    pub(super) base_model: Option<String>,
}

impl ModelFolder {
    /// Looks at a folder, and reads none of its weights yet.
    ///
    /// # Errors
    /// When it cannot be read, or holds no model.
    pub(super) fn look(folder: &Path) -> Result<Self, HubFault> {
        let mut found = Self {
            files: BTreeMap::new(),
            left_out: Vec::new(),
            card: None,
            library: Library::Unknown,
            base_model: None,
        };
        let inside = Inside::of(folder)?;
        found.walk(&inside, folder, folder)?;
        if let Some(path) = found.files.remove(CARD) {
            found.card = Some(fs::read_to_string(&path).map_err(|error| HubFault::local(&path, &error))?);
        }
        let has_weights = found.files.keys().any(|path| is_weights(path));
        if !has_weights {
            let message = format!("`{}` holds no model: no file of weights is in it", folder.display());
            let hint = "name the folder that the trainer saved to, with `model.safetensors` or \
                        `adapter_model.safetensors` in it";
            return Err(HubFault::new(HubFaultKind::Refused, message, hint));
        }
        found.left_out.sort();
        found.read_configs()?;
        Ok(found)
    }

    fn walk(&mut self, inside: &Inside, root: &Path, folder: &Path) -> Result<(), HubFault> {
        let failed = |error: std::io::Error| HubFault::local(folder, &error);
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let Some(relative) = relative.to_str().map(str::to_owned) else {
                return Err(HubFault::new(
                    HubFaultKind::Refused,
                    format!("the name of `{}` is no text", path.display()),
                    "rename it",
                ));
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['.', '_']) {
                continue;
            }
            // A folder that was fetched from a publication has what that one said of itself.
            if folder == root && name == OURS {
                self.left_out.push(relative);
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            // Caches of models are made of links to files; a link to a folder could lead in a circle, and one to a file
            // elsewhere could tell what is no part of the model.
            let is_file = kind.is_file() || kind.is_symlink() && path.is_file() && inside.holds(&path);
            if kind.is_dir() && !name.starts_with("checkpoint-") {
                self.walk(inside, root, &path)?;
            } else if is_file && !OF_TRAINING.iter().any(|of_training| name.starts_with(of_training)) {
                self.files.insert(relative, path);
            } else {
                self.left_out.push(relative);
            }
            if self.files.len() > MOST_FILES {
                let message = format!("`{}` holds more than {MOST_FILES} files", root.display());
                return Err(HubFault::new(
                    HubFaultKind::Refused,
                    message,
                    "name the folder of the model alone",
                ));
            }
        }
        Ok(())
    }

    fn read_configs(&mut self) -> Result<(), HubFault> {
        if let Some(adapter) = self.json(ADAPTER_CONFIG)? {
            self.library = Library::Peft(match adapter["task_type"].as_str() {
                Some("CAUSAL_LM") => Task::Writing,
                Some("SEQ_CLS") => Task::Judging,
                Some(_) | None => Task::Unknown,
            });
            self.base_model = adapter["base_model_name_or_path"].as_str().map(str::to_owned);
        } else if let Some(config) = self.json(CONFIG)? {
            let architectures = config["architectures"].as_array().into_iter().flatten();
            let ends_with = |ending: &str| {
                architectures.clone().filter_map(Value::as_str).any(|name| name.ends_with(ending))
            };
            self.library = Library::Transformers(if ends_with("ForCausalLM") {
                Task::Writing
            } else if ends_with("ForSequenceClassification") {
                Task::Judging
            } else {
                Task::Unknown
            });
            self.base_model = config["_name_or_path"].as_str().map(str::to_owned);
        } else if self.files.keys().any(|path| path.ends_with(".gguf")) {
            self.library = Library::Gguf;
        }
        Ok(())
    }

    fn json(&self, name: &str) -> Result<Option<Value>, HubFault> {
        let Some(path) = self.files.get(name) else { return Ok(None) };
        let local = |error| HubFault::local(path, &error);
        if fs::metadata(path).map_err(local)?.len() > LARGEST_CONFIG_BYTES {
            return Ok(None);
        }
        let text = fs::read(path).map_err(local)?;
        let value = serde_json::from_slice(&text).map_err(|error| {
            HubFault::new(
                HubFaultKind::Refused,
                format!("`{}` is no JSON: {error}", path.display()),
                "save the model again: this one may have been cut off",
            )
        })?;
        Ok(Some(value))
    }

    /// Reads every file to know its content, piece by piece.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn read(&self) -> Result<BTreeMap<String, LocalFile>, HubFault> {
        self.files.iter().map(|(path, file)| Ok((path.clone(), LocalFile::read(file)?))).collect()
    }

    /// The model that the weights go on top of, when it is one of the Hub and not a folder of this machine.
    pub(super) fn base_on_hub(&self) -> Option<&str> {
        self.base_model.as_deref().filter(|name| is_id(name))
    }
}

/// Where files of a model may lie: below its folder, or, in the cache of the Hub's client, among the files of its repository.
struct Inside {
    folder: PathBuf,
    blobs: Option<PathBuf>,
}

impl Inside {
    fn of(folder: &Path) -> Result<Self, HubFault> {
        let folder = folder.canonicalize().map_err(|error| HubFault::local(folder, &error))?;
        let is_cached = folder.parent().is_some_and(|parent| parent.ends_with("snapshots"));
        let blobs = folder.ancestors().nth(2).filter(|_| is_cached).map(|of| of.join("blobs"));
        Ok(Self { folder, blobs })
    }

    /// Whether a link leads there.
    fn holds(&self, link: &Path) -> bool {
        let within = |target: &Path| {
            target.starts_with(&self.folder)
                || self.blobs.as_ref().is_some_and(|blobs| target.starts_with(blobs))
        };
        link.canonicalize().is_ok_and(|target| within(&target))
    }
}

/// Whether a file is of a model, and not of going on with its training.
pub(super) fn is_weights(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_of_training = OF_TRAINING.iter().any(|of_training| name.starts_with(of_training))
        || path.split('/').any(|part| part.starts_with("checkpoint-") || part == "last-checkpoint");
    !is_of_training && path.rsplit_once('.').is_some_and(|(_, ending)| WEIGHTS.contains(&ending))
}

/// Whether a text can be `OWNER/NAME` on the Hub, and is no path here.
pub(super) fn is_id(text: &str) -> bool {
    text.contains('/') && text.parse::<crate::remote::RepositoryId>().is_ok() && !Path::new(text).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            fs::write(path, text).expect("it is written");
        }
        folder
    }

    #[test]
    fn the_model_is_told_from_what_goes_on_training() {
        let folder = folder(&[
            ("config.json", r#"{"architectures": ["LlamaForCausalLM"]}"#),
            ("model.safetensors", "x"),
            ("README.md", "words"),
            ("onnx/model.onnx", "x"),
            ("checkpoint-20/model.safetensors", "x"),
            ("optimizer.pt", "x"),
            ("training_args.bin", "x"),
            (".cache/secret", "x"),
        ]);
        let found = ModelFolder::look(folder.path()).expect("a model");
        assert_eq!(
            found.files.keys().collect::<Vec<_>>(),
            ["config.json", "model.safetensors", "onnx/model.onnx"]
        );
        assert_eq!(found.left_out, ["checkpoint-20", "optimizer.pt", "training_args.bin"]);
        assert_eq!(
            (found.card.as_deref(), found.library),
            (Some("words"), Library::Transformers(Task::Writing))
        );
    }

    #[test]
    fn what_a_publication_said_and_what_lies_elsewhere_stays_here() {
        let elsewhere = folder(&[("token", "secret"), ("blobs/0f", "x")]);
        let found = folder(&[
            ("model.safetensors", "x"),
            ("paceline/published.json", "{}"),
            ("more/paceline/notes.txt", "x"),
            ("words.txt", "x"),
        ]);
        let link = |to: &Path, from: &Path| std::os::unix::fs::symlink(to, from).expect("a link");
        link(&elsewhere.path().join("token"), &found.path().join("notes.txt"));
        link(Path::new("words.txt"), &found.path().join("again.txt"));
        let looked = ModelFolder::look(found.path()).expect("a model");
        let names: Vec<&str> = looked.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["again.txt", "model.safetensors", "more/paceline/notes.txt", "words.txt"]);
        assert_eq!(looked.left_out, ["notes.txt", "paceline"]);
        // As the Hub's client keeps models.
        let kept = elsewhere.path().join("snapshots/abc");
        fs::create_dir_all(&kept).expect("it is made");
        link(Path::new("../../blobs/0f"), &kept.join("model.safetensors"));
        link(Path::new("../../token"), &kept.join("token"));
        let looked = ModelFolder::look(&kept).expect("a model");
        assert_eq!((looked.files.len(), looked.left_out.as_slice()), (1, &["token".to_owned()][..]));
    }

    #[test]
    fn adapters_name_their_base_and_a_folder_without_weights_is_no_model() {
        let adapter = r#"{"base_model_name_or_path": "Qwen/Qwen3-0.6B", "task_type": "SEQ_CLS"}"#;
        let found = folder(&[("adapter_config.json", adapter), ("adapter_model.safetensors", "x")]);
        let found = ModelFolder::look(found.path()).expect("a model");
        assert_eq!(
            (&found.library, found.base_on_hub()),
            (&Library::Peft(Task::Judging), Some("Qwen/Qwen3-0.6B"))
        );
        let empty = folder(&[("config.json", "{}"), ("model.safetensors.index.json", "{}")]);
        let fault = ModelFolder::look(empty.path()).expect_err("no weights");
        assert!(fault.to_string().contains("no file of weights"), "{fault}");
        let cut = folder(&[("config.json", "{"), ("model.safetensors", "x")]);
        assert!(ModelFolder::look(cut.path()).expect_err("cut off").to_string().contains("config.json"));
        assert!(ModelFolder::look(Path::new("/nowhere")).is_err());
    }
}
