//! What is derived from the pages and kept beside them: the list of pages, the workspace, the rules for git.

use sha2::{Digest, Sha256};

use crate::fault::LogbookFault;
use crate::folder::{LOGBOOK_FOLDER, Logbook, in_logbook};
use crate::json::Json;
use crate::moment;
use crate::pages::INDEX;
use crate::view::Shown;
use crate::words::{escaped, tokens};

const SCHEMA_VERSION: i64 = 2;
const MANIFEST_FILE: &str = "logbook.json";
/// What sessions and the workspace leave, which is nobody else's business.
pub(crate) const PRIVATE: [&str; 8] = [
    "/trace_sources.json",
    "/traces/",
    "/workspace_baselines/",
    "/workspace_bucket_state.json",
    "/trace_dataset/",
    "/imported_workspace.json",
    "/logbook/traces/",
    "/logbook/workspace.json",
];
const PRIVATE_NOTE: &str = "# Sessions of agents and lists of files are private.";

impl Logbook {
    /// Brings what is derived up to date: `logbook.json`, `workspace.json`, sessions, `.gitignore`.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn sync(&self) -> Result<(), LogbookFault> {
        let _lock = self.lock()?;
        self.refresh()
    }

    /// The same for who holds the lock.
    pub(crate) fn refresh(&self) -> Result<(), LogbookFault> {
        self.keep_private()?;
        let references = self.references()?;
        self.refresh_sessions(&references)?;
        let mut manifest = self.manifest()?;
        let title = manifest.get("title").as_text().unwrap_or_default().to_owned();
        manifest.set("agent_view_tokens", tokens(&self.agent_view(Shown::default())?));
        manifest.set("trace_view_tokens", tokens(&self.sessions_view()));
        manifest.set("workspace_view_tokens", tokens(&self.workspace_view()));
        let before = self.object(&in_logbook(MANIFEST_FILE));
        let revision = self.revision(&manifest)?;
        let is_same = before.get("revision").as_text() == Some(&revision);
        let known = before.get("updated_at").as_text().filter(|_| is_same).map(str::to_owned);
        manifest.set("revision", revision);
        manifest.set("updated_at", known.unwrap_or_else(moment::now));
        self.name_site(&title)?;
        self.write(&in_logbook(MANIFEST_FILE), manifest.pretty().as_bytes())?;
        // An older form of what agents read, which would tell what no longer holds.
        self.remove_file(&in_logbook("logbook.md"))
    }

    /// The list of pages and what belongs to the logbook as a whole.
    pub(crate) fn manifest(&self) -> Result<Json, LogbookFault> {
        let metadata = self.metadata()?;
        let pages = self.pages()?;
        let node = |slug: &str, title: &str, file: &str, children: Vec<Json>| {
            Json::object([
                ("slug", slug.into()),
                ("title", title.into()),
                ("file", file.into()),
                ("children", children.into()),
            ])
        };
        let (first, others): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.slug == INDEX);
        let title = first.first().map_or("Logbook", |page| page.title.as_str());
        let children =
            others.iter().map(|page| node(&page.slug, &page.title, &page.file, Vec::new())).collect();
        let workspace = self.object(&in_logbook("workspace.json"));
        let sessions = self.object(&in_logbook("traces/index.json"));
        let known = |name: &str, otherwise: Json| workspace.find(name).cloned().unwrap_or(otherwise);
        Ok(Json::object([
            ("schema_version", SCHEMA_VERSION.into()),
            ("title", title.into()),
            ("emoji", metadata.find("emoji").cloned().unwrap_or_else(|| "🎯".into())),
            ("space_id", metadata.get("space_id").clone()),
            ("paper", metadata.get("paper").clone()),
            ("tags", metadata.get("tags").truthy().cloned().unwrap_or_else(|| Json::List(Vec::new()))),
            ("updated_at", moment::now().into()),
            ("root", node(INDEX, title, "pages/index.md", children)),
            ("traces", Json::List(sessions.get("sessions").items().to_vec())),
            (
                "workspace",
                Json::object([
                    ("file", "workspace.json".into()),
                    ("file_count", known("file_count", 0_i64.into())),
                    ("total_size", known("total_size", 0_i64.into())),
                    ("bucket_id", known("bucket_id", Json::Null)),
                ]),
            ),
        ]))
    }

    /// A text that changes with whatever a reader can see.
    fn revision(&self, manifest: &Json) -> Result<String, LogbookFault> {
        let mut stable = manifest.clone();
        stable.remove("revision");
        stable.remove("updated_at");
        let mut digest = Sha256::new();
        digest.update(stable.sorted().spaced());
        let mut files: Vec<String> = self.pages()?.into_iter().map(|page| page.file).collect();
        for (session, is_folder) in self.entries(&in_logbook("traces")) {
            if is_folder {
                let inside = self.entries(&in_logbook(&format!("traces/{session}")));
                files.extend(inside.into_iter().map(|(name, _)| format!("traces/{session}/{name}")));
            } else {
                files.push(format!("traces/{session}"));
            }
        }
        files.push("workspace.json".to_owned());
        files.sort();
        for file in &files {
            if let Some((length, changed)) = self.stamp(&in_logbook(file)) {
                digest.update(format!("{file}{changed}:{length}"));
            }
        }
        Ok(digest.finalize()[..10].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A viewer that lies in the logbook shows its title.
    fn name_site(&self, title: &str) -> Result<(), LogbookFault> {
        let file = in_logbook("index.html");
        let Some(page) = self.text(&file)? else { return Ok(()) };
        let Some((before, rest)) = page.split_once("<title>") else { return Ok(()) };
        let Some((_, after)) = rest.split_once("</title>") else { return Ok(()) };
        let named = format!("{before}<title>{}</title>{after}", escaped(title));
        if named == page { Ok(()) } else { self.write(&file, named.as_bytes()) }
    }

    /// Keeps what is private out of git.
    fn keep_private(&self) -> Result<(), LogbookFault> {
        let before = self.text(".gitignore")?.unwrap_or_default();
        let known: Vec<&str> = before.lines().map(str::trim).collect();
        let missing: Vec<&str> = PRIVATE.into_iter().filter(|line| !known.contains(line)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut lines: Vec<&str> = before.lines().collect();
        if lines.last().is_some_and(|line| !line.trim().is_empty()) {
            lines.push("");
        }
        if !known.contains(&PRIVATE_NOTE) {
            lines.push(PRIVATE_NOTE);
        }
        lines.extend(missing);
        self.write(".gitignore", format!("{}\n", lines.join("\n")).as_bytes())
    }

    /// Where the logbook lies, as the peer prints it.
    pub fn place(&self) -> String {
        self.project().join(LOGBOOK_FOLDER).display().to_string()
    }
}
