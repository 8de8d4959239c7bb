//! Why a logbook cannot be read or changed.

use std::io;
use std::path::PathBuf;

/// Why a logbook cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum LogbookFault {
    /// There is none here, nor above.
    #[error("there is no logbook in `{}`, nor in a folder above it", start.display())]
    NoLogbook {
        /// Where the search began.
        start: PathBuf,
    },
    /// One is there already.
    #[error("a logbook is already at `{}`", place.display())]
    Exists {
        /// The folder of the logbook.
        place: PathBuf,
    },
    /// A file of it cannot be read or written.
    #[error("`{}` cannot be used: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// A file of it is not what it should be.
    #[error("`{}` cannot be read: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No page has this title or slug.
    #[error("no page of this logbook has the title or slug `{page}`")]
    NoPage {
        /// As it was asked for.
        page: String,
    },
    /// The title of a page is empty.
    #[error("the title of a page cannot be empty")]
    EmptyTitle,
    /// The index is no page that cells go to.
    #[error("`index` is the first page, which takes no cells")]
    IndexPage,
    /// It is not known which page a cell goes to.
    #[error("it is not said which page is meant, and none was used before")]
    NoDefaultPage,
    /// No cell has this id.
    #[error("no cell of this logbook has the id `{id}`")]
    NoCell {
        /// As it was asked for.
        id: String,
    },
    /// A figure of nothing.
    #[error("a figure needs HTML or a picture")]
    EmptyFigure,
    /// A picture of a kind that pages cannot show.
    #[error("`{}` is no kind of picture that a page can show", path.display())]
    PictureKind {
        /// The file.
        path: PathBuf,
    },
    /// A file that was named is not there.
    #[error("there is no file `{}`", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// A file that was named is too large.
    #[error("`{}` has {bytes} bytes, more than the {limit} that are taken", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The most that are taken.
        limit: u64,
    },
    /// A session file that is none.
    #[error("`{}` is no session of an agent: {reason}", path.display())]
    Session {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No session has this id.
    #[error("no session with the id `{id}` is attached")]
    NoSession {
        /// As it was asked for.
        id: String,
    },
    /// The folder holds more than can be looked through.
    #[error("`{}` holds more than {limit} files and folders, too many to look through", place.display())]
    TooManyFiles {
        /// The folder.
        place: PathBuf,
        /// The most that are looked through.
        limit: usize,
    },
}

impl LogbookFault {
    /// The way out.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoLogbook { .. } => Some("`paceline logbook open --title TITLE` starts one"),
            Self::Exists { .. } => Some("`paceline logbook open` goes on with it"),
            Self::NoPage { .. } => Some("`paceline logbook read pages` shows what is there"),
            Self::EmptyTitle => Some("give it a title, as `paceline logbook page \"Baseline\"`"),
            Self::IndexPage => Some("`--page TITLE` names another page, which is made where it is missing"),
            Self::NoDefaultPage => {
                Some("`--page TITLE` names one; `paceline logbook page TITLE` does for all that follow")
            }
            Self::NoCell { .. } => Some("`paceline logbook read page PAGE` shows the cells of a page"),
            Self::EmptyFigure => Some("give `--html FILE`, `--html-text HTML` or `--image FILE`"),
            Self::PictureKind { .. } => Some("it may be .png, .jpg, .jpeg, .gif, .webp, .bmp, .avif or .svg"),
            Self::Session { .. } => Some("give the JSON or JSON lines that Claude Code, Codex or Pi write"),
            Self::NoSession { .. } => Some("`paceline logbook read .#/view/trace` shows what is attached"),
            Self::TooManyFiles { .. } => Some("start the logbook in a folder of its own"),
            Self::File { .. } | Self::Damaged { .. } | Self::NoFile { .. } | Self::TooLarge { .. } => None,
        }
    }
}
