//! Examples of a trained model on the Hub.

use paceline_schema::publication::{ModelPublication, PublishedModel};

pub(crate) fn model_publication() -> ModelPublication {
    ModelPublication {
        model_dir: "/srv/training/digits-sft".into(),
        repository: "alice/digits-sft".into(),
        private: Some(true),
        ..ModelPublication::default()
    }
}

pub(crate) fn published_model() -> PublishedModel {
    PublishedModel {
        project: "digits".into(),
        run: "lr-3e-4".into(),
        repository: "alice/digits-sft".into(),
        url: "https://huggingface.co/alice/digits-sft".into(),
        private: true,
        commit: "5f1c0a9b7d3e4f6a8b2c1d0e9f8a7b6c5d4e3f2a".into(),
        changed: true,
        files: 5,
        bytes: 1_192_135_096,
        sent_bytes: 1_192_134_784,
        left_out: vec!["checkpoint-1200".into()],
    }
}
