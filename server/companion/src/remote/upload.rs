//! Files for a server: each is staged by an upload, then put in its place by a call that names it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use paceline_schema::Operation;
use serde_json::{Value, json};
use ureq::SendBody;

use super::client::Client;
use super::fault::{Fault, FaultKind};

/// A file may be large and a line slow; that nothing moves at all is the end of it.
const STILLNESS_PATIENCE: Duration = Duration::from_secs(60);

impl Client {
    /// Uploads a file under the name `name` and gives what the next call refers to it by; `None` when it is
    /// not there. `sent` is told how many bytes of it have gone.
    ///
    /// # Errors
    /// When the server does not take it.
    pub(crate) fn stage(
        &self,
        path: &Path,
        name: &str,
        sent: impl FnMut(u64) + Send + 'static,
    ) -> Result<Option<Value>, Fault> {
        let unreadable = |error: io::Error| {
            let message = format!("`{}` cannot be read: {error}", path.display());
            Fault::new(FaultKind::Request { row: None }, message)
        };
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (about, file) = match opened {
            Ok((about, file)) if about.is_file() => (about, file),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let boundary = format!("paceline-{:016x}", fastrand::u64(..));
        // Names are ours and of the user's files; what would end the header line is left out.
        let plain: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\')).collect();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{plain}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let length = head.len() as u64 + about.len() + tail.len() as u64;
        // A file that grows meanwhile ends where it ended.
        let file = Counted { file: file.take(about.len()), bytes: 0, read: sent };
        let body = io::Cursor::new(head).chain(file).chain(io::Cursor::new(tail));
        let request = self
            .request("POST", "/api/upload")
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .header("content-length", length)
            .body(SendBody::from_owned_reader(body));
        let answer = self.send_with(request, STILLNESS_PATIENCE)?;
        let staged = answer["paths"][0].as_str().ok_or_else(|| {
            let message = format!("`{}` takes an upload and does not say where it is", self.destination());
            Fault::new(FaultKind::Away, message)
        })?;
        Ok(Some(json!({"path": staged, "orig_name": name, "meta": {"_type": "gradio.FileData"}})))
    }

    /// A call whose arguments are the members of a JSON object.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub(crate) fn call_with(&self, operation: Operation, arguments: &Value) -> Result<Value, Fault> {
        let text = arguments.to_string();
        let members = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        self.call(operation, members.as_bytes())
    }
}

/// A file that tells how much of it was read.
struct Counted<R, F> {
    file: R,
    bytes: u64,
    read: F,
}

impl<R: Read, F: FnMut(u64)> Read for Counted<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.bytes += bytes as u64;
        (self.read)(self.bytes);
        Ok(bytes)
    }
}
