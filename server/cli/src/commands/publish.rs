//! `paceline publish`: a trained model to the Hugging Face Hub, with a card that tells of its run.

use paceline_hub::models::{publish, run_page};
use paceline_hub::remote::Account;
use paceline_schema::publication::{ModelPublication, PublishedModel};

use super::open_engine;
use crate::arguments::PublishArguments;
use crate::failure::Failure;
use crate::output;

/// Publishes.
pub(crate) fn run(arguments: &PublishArguments) -> Result<(), Failure> {
    let engine = open_engine(&arguments.directory)?;
    let facts = engine.training_facts(&arguments.project, &arguments.run)?;
    let account = Account::of_this_process()?;
    let model_dir = arguments.model_dir.to_str().ok_or_else(|| {
        Failure::new(
            format!("the name of `{}` is no text", arguments.model_dir.display()),
            "rename the folder",
        )
    })?;
    let private = match (arguments.private, arguments.public) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => None,
    };
    let asked = ModelPublication {
        model_dir: model_dir.to_owned(),
        repository: arguments.repo.clone(),
        private,
        replace: arguments.replace,
        unfinished: arguments.unfinished,
        run_url: arguments.run_url.clone().or_else(|| run_page(engine.store(), &facts, &account)),
        base_model: arguments.base_model.clone(),
        dataset: arguments.dataset.clone(),
    };
    let published = publish(&facts, &asked, &account)?;
    if arguments.json {
        return Ok(output::json_line(&published)?);
    }
    Ok(output::line(&said(&published))?)
}

fn said(published: &PublishedModel) -> String {
    let PublishedModel { run, url, files, sent_bytes, .. } = published;
    let who = if published.private { "private" } else { "public" };
    let left_out = if published.left_out.is_empty() {
        String::new()
    } else {
        format!("; left out: {}", published.left_out.join(", "))
    };
    if published.changed {
        format!("{run}: {files} files at {url} ({who}, {sent_bytes} bytes of large files sent{left_out})")
    } else {
        format!("{run}: nothing new, {files} files at {url} ({who}{left_out})")
    }
}
