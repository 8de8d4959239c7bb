//! One publication: the repository is looked at, and brought to the state of the folder by one commit.

use std::collections::BTreeMap;
use std::path::Path;

use paceline_schema::publication::{ModelPublication, PublishedModel, TrainingFacts};
use paceline_storage::Store;

use super::card::{self, Telling};
use super::chart::chart;
use super::folder::{Library, ModelFolder, is_weights};
use super::head;
use super::hyperparameters::first_text;
use super::record::{OURS, RECORD, Record};
use crate::remote::{
    Account, Change, Head, HubFault, HubFaultKind, LocalFile, RemoteFile, Repository, RepositoryId,
    RepositoryKind, digest_text, pause,
};
use crate::sync::{CARD, MOST_LOOKS, is_unclear, plain, split, target};

/// The picture that the card shows.
const CHART: &str = "paceline/curves.svg";
/// Settings that name the model that a training began with.
const BASE_MODEL: [&str; 5] = ["model_name_or_path", "base_model", "model_name", "_name_or_path", "model"];
/// Settings that name what it was trained on.
const DATASET: [&str; 3] = ["dataset_name", "dataset", "dataset_id"];

/// Brings a repository to the state of the folder of a trained model, with a card that tells of its run; made, private,
/// where there is none. A card that is there keeps what somebody wrote into it. What an earlier publication put there and
/// this folder does not hold is taken away. Weights of somebody else are not written over unasked.
///
/// # Errors
/// What kept it from its end; the repository then is as it was, or as it was to become.
pub fn publish(
    facts: &TrainingFacts,
    asked: &ModelPublication,
    account: &Account,
) -> Result<PublishedModel, HubFault> {
    let run = &facts.detail.run;
    if !run.state.has_ended() && !asked.unfinished {
        let message = format!("run `{}` of project `{}` is {}", run.run, run.project, run.state.as_str());
        let hint = format!(
            "wait for its end: `paceline wait --project {} --run {}`; `--unfinished` publishes all the same",
            run.project, run.run
        );
        return Err(HubFault::new(HubFaultKind::Refused, message, hint));
    }
    let id: RepositoryId = asked.repository.parse()?;
    let folder = ModelFolder::look(Path::new(&asked.model_dir))?;
    account.expect_token(&format!("publishing run `{}`", run.run))?;
    let files = folder.read()?;
    let model = Repository::open(account.clone(), RepositoryKind::Model, &id)?;
    let work = Work { facts, asked, folder: &folder, files: &files, model: &model, hub: account.endpoint() };
    let mut looks = 1;
    loop {
        let fault = match work.attempt()? {
            Ok(published) => return Ok(published),
            Err(fault) => fault,
        };
        if looks >= MOST_LOOKS {
            return Err(fault);
        }
        tracing::debug!(%fault, looks, "the model is looked at again");
        pause(looks, fault.retry_after.unwrap_or_default());
        looks += 1;
    }
}

/// Where a run can be looked at by whoever sees the Hub: in the Dataset that its project goes to, if it goes anywhere.
#[must_use]
pub fn run_page(store: &Store, facts: &TrainingFacts, account: &Account) -> Option<String> {
    let target = target(store.directory(), &facts.detail.run.project)?;
    // One without an owner is of whoever syncs it, who is not asked for here.
    target.dataset.contains('/').then(|| format!("{}/datasets/{}", account.endpoint(), target.dataset))
}

struct Work<'a> {
    facts: &'a TrainingFacts,
    asked: &'a ModelPublication,
    folder: &'a ModelFolder,
    files: &'a BTreeMap<String, LocalFile>,
    model: &'a Repository,
    hub: &'a str,
}

impl Work<'_> {
    /// One look at the repository and one commit; whether that was made may be unclear.
    fn attempt(&self) -> Result<Result<PublishedModel, HubFault>, HubFault> {
        let head = self.look()?;
        let there = self.model.files(&head.commit)?;
        let listed: BTreeMap<&str, &RemoteFile> =
            there.iter().map(|file| (file.path.as_str(), file)).collect();
        let text = |path: &str| listed.get(path).map(|file| self.model.text(&head.commit, file)).transpose();
        let before = match text(RECORD)? {
            Some(text) => Some(serde_json::from_str::<Record>(&text).map_err(|_| self.strange_record())?),
            None => None,
        };
        let old = before.as_ref().map(|record| &record.files);
        if !self.asked.replace {
            self.expect_no_other_weights(&listed, old)?;
        }
        let mut changes = BTreeMap::new();
        for (path, file) in self.files {
            let is_there = listed.get(path.as_str()).is_some_and(|remote| {
                remote.bytes == file.bytes
                    && match &remote.sha256 {
                        Some(sha256) => *sha256 == file.sha256,
                        // The record says what was put there, and not whether somebody wrote into it since.
                        None => match text(path) {
                            Ok(there) => there.is_some_and(|there| digest_text(&there) == file.sha256),
                            Err(_) => old.and_then(|old| old.get(path)) == Some(&file.sha256),
                        },
                    }
            });
            if !is_there {
                changes.insert(path.clone(), Change::File(file.clone()));
            }
        }
        let is_own = |path: &str| path.split('/').next() == Some(OURS);
        let is_gone = |path: &&String| {
            !self.files.contains_key(*path) && listed.contains_key(path.as_str()) && !is_own(path)
        };
        changes.extend(
            old.into_iter().flat_map(BTreeMap::keys).filter(is_gone).map(|path| (path.clone(), Change::Gone)),
        );
        let run = &self.facts.detail.run;
        let picture = chart(&format!("Run {} of project {}", run.run, run.project), &self.facts.curves);
        match (&picture, text(CHART)?) {
            (Some(picture), there) if there.as_ref() != Some(picture) => {
                changes.insert(CHART.to_owned(), Change::Text(picture.clone()));
            }
            (None, Some(_)) => drop(changes.insert(CHART.to_owned(), Change::Gone)),
            (Some(_), _) | (None, None) => {}
        }
        let card_there = text(CARD)?;
        let (card, head_now) = self.card(card_there.as_deref(), before.as_ref(), picture.is_some());
        if card_there.as_ref() != Some(&card) {
            changes.insert(CARD.to_owned(), Change::Text(card));
        }
        let record = Record {
            project: run.project.clone(),
            run: run.run.clone(),
            run_id: run.run_id.clone(),
            files: self.files.iter().map(|(path, file)| (path.clone(), file.sha256.clone())).collect(),
            head: head_now,
        };
        if before.as_ref() != Some(&record) {
            // Names and digests are all there is, so this cannot fail.
            let text = serde_json::to_string_pretty(&record).unwrap_or_default();
            changes.insert(RECORD.to_owned(), Change::Text(text + "\n"));
        }
        let mut published = PublishedModel {
            project: run.project.clone(),
            run: run.run.clone(),
            repository: self.model.id().to_owned(),
            url: self.model.address(),
            private: head.is_private,
            commit: head.commit.clone(),
            changed: false,
            files: self.files.len() as u64,
            bytes: self.files.values().map(|file| file.bytes).sum(),
            sent_bytes: 0,
            left_out: self.folder.left_out.clone(),
        };
        if changes.is_empty() {
            return Ok(Ok(published));
        }
        let title = format!("Publish run {} of project {}", run.run, run.project);
        match self.model.commit(&head.commit, &title, &changes) {
            Ok(made) => {
                (published.commit, published.sent_bytes, published.changed) =
                    (made.commit, made.sent_bytes, true);
                Ok(Ok(published))
            }
            Err(fault) if is_unclear(&fault) => Ok(Err(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// The newest state of the repository, which is made where it is missing.
    fn look(&self) -> Result<Head, HubFault> {
        let head = match self.model.head()? {
            Some(head) => head,
            None => {
                self.model.create(self.asked.private != Some(false))?;
                let missing = || HubFault::strange(&format!("making {}", self.model));
                self.model.head()?.ok_or_else(missing)?
            }
        };
        if self.asked.private == Some(true) && !head.is_private {
            return Err(HubFault::new(
                HubFaultKind::Refused,
                format!("{} is there, and everybody sees it", self.model),
                format!("make it private at {}/settings, or name another one", self.model.address()),
            ));
        }
        Ok(head)
    }

    fn strange_record(&self) -> HubFault {
        HubFault::new(
            HubFaultKind::Unusable,
            format!("`{RECORD}` of {} is not what a publication writes", self.model),
            "remove that file there, then publish again with `--replace`",
        )
    }

    /// Whether all weights of these names came from here or are the same. Where nothing was published yet, no other model is
    /// there either: its config and tokenizer would be written over.
    fn expect_no_other_weights(
        &self,
        listed: &BTreeMap<&str, &RemoteFile>,
        old: Option<&BTreeMap<String, String>>,
    ) -> Result<(), HubFault> {
        for (path, file) in self.files {
            let Some(there) = listed.get(path.as_str()).and_then(|remote| remote.sha256.as_ref()) else {
                continue;
            };
            let is_ours = old.and_then(|old| old.get(path)) == Some(there);
            if *there != file.sha256 && !is_ours {
                return Err(HubFault::new(
                    HubFaultKind::Refused,
                    format!(
                        "{} holds another `{}`, which did not come from here",
                        self.model,
                        path.escape_debug()
                    ),
                    "name another repository; `--replace` writes over what has the same names",
                ));
            }
        }
        let is_same = |path: &str, there: &RemoteFile| {
            self.files.get(path).is_some_and(|file| there.sha256.as_ref() == Some(&file.sha256))
        };
        let mut weights = listed.iter().filter(|(path, _)| is_weights(path));
        let is_another = old.is_none() && !weights.clone().any(|(path, there)| is_same(path, there));
        match weights.next().filter(|_| is_another) {
            Some((path, _)) => Err(HubFault::new(
                HubFaultKind::Refused,
                format!("{} holds `{}` of another model", self.model, path.escape_debug()),
                "name another repository; `--replace` puts this model beside it, and writes over what has the same names",
            )),
            None => Ok(()),
        }
    }

    /// The card as it is to be, and the lines of its head that are ours.
    fn card(
        &self,
        there: Option<&str>,
        before: Option<&Record>,
        has_chart: bool,
    ) -> (String, BTreeMap<String, String>) {
        let config = &self.facts.detail.config;
        let of_config = first_text(config, &BASE_MODEL);
        // What the configuration of adapters names is what they go on top of; that of a model may be a folder long gone.
        let of_folder = match self.folder.library {
            Library::Peft(_) => self.folder.base_model.as_deref(),
            Library::Transformers(_) | Library::Gguf | Library::Unknown => self.folder.base_on_hub(),
        };
        let base_model = self.asked.base_model.as_deref().or(of_folder).or(of_config);
        let dataset = self.asked.dataset.as_deref().or_else(|| first_text(config, &DATASET));
        let telling = Telling {
            facts: self.facts,
            folder: self.folder,
            hub: self.hub,
            id: self.model.id(),
            base_model,
            dataset,
            run_url: self.asked.run_url.as_deref(),
            chart: has_chart.then_some(CHART),
        };
        // The trainer's card is where a new one begins.
        let text = there.or(self.folder.card.as_deref());
        let plain_text = text.map(plain);
        let (head, body) = plain_text.as_deref().map_or(("", ""), split);
        let wanted = head::wanted(self.folder, base_model, dataset);
        let (head, ours) = head::merged(head, &wanted, before.map(|record| &record.head));
        let body = card::body((!body.is_empty()).then_some(body), &telling);
        let card = format!("---\n{head}---\n{body}");
        let has_returns = text.is_some_and(|text| text.contains("\r\n"));
        (if has_returns { card.replace('\n', "\r\n") } else { card }, ours)
    }
}
