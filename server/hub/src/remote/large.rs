//! Large files: the Hub says where each is to go, and it goes there before the commit that names it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Deserialize;
use serde_json::{Value, json};

use super::attempts::patiently;
use super::client::{JSON, Payload};
use super::fault::{HubFault, HubFaultKind};
use super::file::LocalFile;
use super::repository::{BRANCH, Repository};

const LFS: &str = "application/vnd.git-lfs+json";
/// Files asked for in one request.
const BATCH_FILES: usize = 100;
/// Files under way at once: a line is filled by few, and a trainer's machine has other work.
const AT_ONCE: usize = 4;
/// Addresses asked for, one after another, for a file whose address is not taken any more.
const MOST_ADDRESSES: u32 = 4;

#[derive(Deserialize)]
struct Batch {
    objects: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    #[serde(default)]
    actions: Option<Actions>,
    #[serde(default)]
    error: Option<ObjectError>,
}

#[derive(Deserialize)]
struct ObjectError {
    message: String,
}

#[derive(Deserialize)]
struct Actions {
    upload: Option<Action>,
    verify: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: BTreeMap<String, Value>,
}

impl Repository {
    /// Sends the files that are not in the store yet; gives how many bytes went.
    ///
    /// # Errors
    /// The first that keeps a file from being there.
    pub(crate) fn send_large(&self, files: &[&LocalFile]) -> Result<u64, HubFault> {
        let sent = Mutex::new(0);
        for files in files.chunks(BATCH_FILES) {
            let waiting = self.places(files)?;
            let next = AtomicUsize::new(0);
            let failed: Mutex<Option<HubFault>> = Mutex::new(None);
            let work = || {
                while let Some((file, actions)) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = self.send_somewhere(file, actions);
                    match done {
                        Ok(()) => *sent.lock().unwrap_or_else(PoisonError::into_inner) += file.bytes,
                        Err(fault) => {
                            // The others end after the file they are at.
                            next.store(waiting.len(), Ordering::Relaxed);
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
                        }
                    }
                }
            };
            thread::scope(|scope| {
                // This thread works too; one that cannot be started leaves more to it.
                for _ in 1..AT_ONCE.min(waiting.len()) {
                    let _ =
                        thread::Builder::new().name("paceline-upload".to_owned()).spawn_scoped(scope, work);
                }
                work();
            });
            if let Some(fault) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
                return Err(fault);
            }
        }
        Ok(sent.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the Hub wants each file that it does not have.
    fn places<'a>(&self, files: &[&'a LocalFile]) -> Result<Vec<(&'a LocalFile, Actions)>, HubFault> {
        let doing = format!("asking where the files of {self} go");
        let objects: Vec<Value> =
            files.iter().map(|file| json!({"oid": file.sha256, "size": file.bytes})).collect();
        let body = json!({
            "operation": "upload", "transfers": ["basic", "multipart"], "objects": objects, "hash_algo": "sha256",
            "ref": {"name": BRANCH},
        });
        let bytes = body.to_string().into_bytes();
        let address =
            format!("{}/{}.git/info/lfs/objects/batch", self.client.account().endpoint(), self.path());
        let payload = Payload::Bytes { kind: LFS, bytes: &bytes };
        let accept = [("accept", LFS.to_owned())];
        let answer = patiently(|| {
            let mut response = self.client.send("POST", &address, &payload, &accept, &doing)?;
            self.client.read(&mut response, &doing)
        })?;
        let batch: Batch = serde_json::from_slice(&answer).map_err(|_| HubFault::strange(&doing))?;
        let mut answered: BTreeMap<String, Object> =
            batch.objects.into_iter().map(|object| (object.oid.clone(), object)).collect();
        let mut places = Vec::new();
        for file in files {
            // Two files of the same content are sent once.
            let Some(object) = answered.remove(&file.sha256) else {
                if files.iter().filter(|other| other.sha256 == file.sha256).count() > 1 {
                    continue;
                }
                return Err(HubFault::strange(&doing));
            };
            if let Some(error) = object.error {
                return Err(HubFault::new(
                    HubFaultKind::Unusable,
                    format!("the Hub does not take `{}`: {}", file.path.display(), plain(&error.message)),
                    "see the limits of the repository",
                ));
            }
            places.extend(
                object.actions.filter(|actions| actions.upload.is_some()).map(|actions| (*file, actions)),
            );
        }
        Ok(places)
    }

    /// Sends a file to the address that was given, and to new ones while these are not taken.
    fn send_somewhere(&self, file: &LocalFile, actions: &Actions) -> Result<(), HubFault> {
        let mut done = self.send_file(file, actions);
        for _ in 1..MOST_ADDRESSES {
            if !matches!(&done, Err(fault) if fault.kind == HubFaultKind::Expired) {
                break;
            }
            // None when it is there after all.
            let new = self.places(&[file])?.pop();
            done = new.map_or(Ok(()), |(file, actions)| self.send_file(file, &actions));
        }
        done.map_err(HubFault::once_more)
    }

    fn send_file(&self, file: &LocalFile, actions: &Actions) -> Result<(), HubFault> {
        let doing = format!("sending a file to {self}");
        if let Some(upload) = &actions.upload {
            match upload.header.get("chunk_size").map(number) {
                None => {
                    patiently(|| self.send_part(file, 0, file.bytes, &upload.href, &doing))?;
                }
                Some(part) => {
                    let part = part.filter(|part| *part > 0).ok_or_else(|| HubFault::strange(&doing))?;
                    self.send_parts(file, part, upload, &doing)?;
                }
            }
        }
        let Some(verify) = &actions.verify else { return Ok(()) };
        let body = json!({"oid": file.sha256, "size": file.bytes}).to_string().into_bytes();
        let payload = Payload::Bytes { kind: JSON, bytes: &body };
        patiently(|| self.client.send("POST", &verify.href, &payload, &[], &doing)).map(drop)
    }

    /// Sends a file in parts, each to an address of its own, and says that they are all there.
    fn send_parts(&self, file: &LocalFile, part: u64, upload: &Action, doing: &str) -> Result<(), HubFault> {
        let mut addresses: Vec<(u64, &str)> = upload
            .header
            .iter()
            .filter_map(|(name, address)| Some((name.parse().ok()?, address.as_str()?)))
            .collect();
        addresses.sort_unstable();
        if addresses.len() as u64 != file.bytes.div_ceil(part) {
            return Err(HubFault::strange(doing));
        }
        let mut parts = Vec::with_capacity(addresses.len());
        for (position, (_, address)) in addresses.iter().enumerate() {
            let begin = position as u64 * part;
            let bytes = part.min(file.bytes - begin);
            let etag = patiently(|| self.send_part(file, begin, bytes, address, doing))?;
            let etag = etag.ok_or_else(|| HubFault::strange(doing))?;
            parts.push(json!({"partNumber": position + 1, "etag": etag}));
        }
        let body = json!({"oid": file.sha256, "parts": parts}).to_string().into_bytes();
        let told = || {
            let mut reader = body.as_slice();
            self.client.send_plain("POST", &upload.href, Some(LFS), body.len() as u64, &mut reader, doing)
        };
        patiently(told).map(drop)
    }

    fn send_part(
        &self,
        file: &LocalFile,
        begin: u64,
        bytes: u64,
        address: &str,
        doing: &str,
    ) -> Result<Option<String>, HubFault> {
        let local = |error| HubFault::local(&file.path, &error);
        let mut opened = File::open(&file.path).map_err(local)?;
        opened.seek(SeekFrom::Start(begin)).map_err(local)?;
        let response = self.client.send_plain("PUT", address, None, bytes, &mut opened.take(bytes), doing)?;
        Ok(response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned))
    }
}

/// A number that some answers carry as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
