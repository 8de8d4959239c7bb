//! Environment variables: the one list of names, with what each means.

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $constant:ident = $name:literal;)+) => {
        $($(#[doc = $doc])+ pub const $constant: &str = $name;)+

        /// Every variable with its meaning, for the documentation.
        pub const ALL: &[(&str, &str)] = &[$(($name, concat!($($doc),+)),)+];
    };
}

variables! {
    /// Data directory; `$HF_HOME/trackio` unless set.
    TRACKIO_DIR = "TRACKIO_DIR";
    /// Project when `init` names none; `WANDB_PROJECT` is read after it.
    TRACKIO_PROJECT = "TRACKIO_PROJECT";
    /// Token that writing over HTTP needs: the server makes one anew at each start unless set, a run that logs to
    /// a server sends it.
    TRACKIO_WRITE_TOKEN = "TRACKIO_WRITE_TOKEN";
    /// Server that runs log to unless `init` names one; `write_token` in its query is the token.
    TRACKIO_SERVER_URL = "TRACKIO_SERVER_URL";
    /// Hugging Face Space that runs log to unless `init` names one; beats `TRACKIO_SERVER_URL`.
    TRACKIO_SPACE_ID = "TRACKIO_SPACE_ID";
    /// Webhook that alerts of runs are sent to unless `init` or `alert` names one.
    TRACKIO_WEBHOOK_URL = "TRACKIO_WEBHOOK_URL";
    /// Least level of alerts that are sent to a webhook, unless `init` says one: `info`, `warn` or `error`; all unless set.
    TRACKIO_WEBHOOK_MIN_LEVEL = "TRACKIO_WEBHOOK_MIN_LEVEL";
    /// Dataset of the Hugging Face Hub that runs are synced to unless `init` names one.
    TRACKIO_DATASET_ID = "TRACKIO_DATASET_ID";
    /// Seconds that `finish` waits for the last sync to a Dataset; 60 unless set, 0 for none.
    PACELINE_SYNC_PATIENCE = "PACELINE_SYNC_PATIENCE";
    /// Whether `logbook run` makes cells of models and data that a command leaves: not where it is `0`, `false`, `no` or `off`.
    TRACKIO_LOGBOOK_AUTONOTE = "TRACKIO_LOGBOOK_AUTONOTE";
    /// Token for the Hugging Face Hub, its Datasets and Spaces; the file that `hf auth login` writes is read after it.
    HF_TOKEN = "HF_TOKEN";
    /// File with the token for the Hub; `$HF_HOME/token` unless set.
    HF_TOKEN_PATH = "HF_TOKEN_PATH";
    /// Model of the Hub, as `user/name`, that the script of a plan pushes to while it trains.
    HUB_MODEL_ID = "HUB_MODEL_ID";
    /// Address of the Hugging Face Hub; `https://huggingface.co` unless set.
    HF_ENDPOINT = "HF_ENDPOINT";
    /// Address of the datasets server of the Hub, which shows rows of Datasets; that of `HF_ENDPOINT` unless set.
    HF_DATASETS_SERVER = "HF_DATASETS_SERVER";
    /// `1` lets plans ask nothing of the Hub.
    HF_HUB_OFFLINE = "HF_HUB_OFFLINE";
    /// Seconds between looks into the inbox, where Trackio's clients leave rows as files; 15 unless set, at least 5.
    TRACKIO_INBOX_POLL_INTERVAL = "TRACKIO_INBOX_POLL_INTERVAL";
    /// Parent of the default data directory; `~/.cache/huggingface` unless set.
    HF_HOME = "HF_HOME";
    /// Port of `paceline serve` unless `--port` says one; 7860 unless set.
    GRADIO_SERVER_PORT = "GRADIO_SERVER_PORT";
    /// Address of `paceline serve` unless `--host` says one; 127.0.0.1 unless set.
    GRADIO_SERVER_NAME = "GRADIO_SERVER_NAME";
    /// Address of the logo that Trackio's page shows on light ground; ours unless set.
    TRACKIO_LOGO_LIGHT_URL = "TRACKIO_LOGO_LIGHT_URL";
    /// The same on dark ground.
    TRACKIO_LOGO_DARK_URL = "TRACKIO_LOGO_DARK_URL";
    /// Colours of runs in Trackio's page, separated by commas; its own unless set.
    TRACKIO_COLOR_PALETTE = "TRACKIO_COLOR_PALETTE";
    /// Metrics and groups (`train/*`) that Trackio's page draws first, separated by commas.
    TRACKIO_PLOT_ORDER = "TRACKIO_PLOT_ORDER";
    /// Characters after which Trackio's page shortens text in tables; 250 unless set.
    TRACKIO_TABLE_TRUNCATE_LENGTH = "TRACKIO_TABLE_TRUNCATE_LENGTH";
    /// The Space the server runs in; set by Hugging Face.
    SPACE_ID = "SPACE_ID";
    /// Folder of a web page that `paceline serve` and `show` serve in the place of ours, unless `--frontend` says one.
    TRACKIO_FRONTEND_DIR = "TRACKIO_FRONTEND_DIR";
    /// Bucket of the Hub that registries of artifacts are kept in; the data directory unless set.
    TRACKIO_REGISTRY_BUCKET_ID = "TRACKIO_REGISTRY_BUCKET_ID";
    /// Program that drains journals, where it is not beside the Python package.
    PACELINE_BINARY = "PACELINE_BINARY";
    /// `off` starts no companion: rows stay in the journal until a server or command opens the directory.
    PACELINE_COMPANION = "PACELINE_COMPANION";
    /// `off` records no user, folder, Python, packages and state of the code with a run; `no-diff` leaves out only the
    /// changes that are not committed.
    PACELINE_ENVIRONMENT = "PACELINE_ENVIRONMENT";
    /// `wrap` keeps what a training prints with its run, as `Settings(console="wrap")` does; WANDB_CONSOLE is read after it.
    PACELINE_CONSOLE = "PACELINE_CONSOLE";
    /// Megabytes of memory for the newest rows of series that are drawn or logged, of all projects together; 64 unless
    /// set, at least 1.
    PACELINE_SERIES_MEMORY = "PACELINE_SERIES_MEMORY";
    /// The job that a process is part of; set for jobs, and recorded with their runs.
    PACELINE_JOB_ID = "PACELINE_JOB_ID";
    /// What the program writes to standard error, as `info` or `paceline_http=debug`; `warn` unless set.
    PACELINE_LOG = "PACELINE_LOG";
}

/// The name under which the sibling launcher calls the program.
pub const PACELINE_AS: &str = "PACELINE_AS";

/// The data directory: `TRACKIO_DIR`, else `$HF_HOME/trackio`, else `~/.cache/huggingface/trackio`.
///
/// `read` answers for an environment variable and `home` is the user's home directory.
pub fn data_directory(
    read: impl Fn(&str) -> Option<String>,
    home: Option<std::path::PathBuf>,
) -> std::path::PathBuf {
    let set = |name| read(name).filter(|value| !value.is_empty()).map(std::path::PathBuf::from);
    set(TRACKIO_DIR).unwrap_or_else(|| {
        set(HF_HOME)
            .unwrap_or_else(|| home.unwrap_or_else(|| ".".into()).join(".cache").join("huggingface"))
            .join("trackio")
    })
}
