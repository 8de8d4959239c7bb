//! The calls of the peer's wire, `POST /api/{name}`: the one table that routing, MCP and tests go by.
//!
//! Names, parameters and their order are those of the peer's version 0.43 (`trackio.server._api_registry`).

use crate::scope::Scope;

/// A parameter of a call; its position is that in [`Operation::parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// A call without it is refused; it may be null all the same.
    pub required: bool,
}

macro_rules! parameter {
    ($name:ident = null) => {
        Parameter { name: plain(stringify!($name)), required: false }
    };
    ($name:ident) => {
        Parameter { name: plain(stringify!($name)), required: true }
    };
}

/// A name that is a word of Rust's own is written `r#type` above.
const fn plain(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

macro_rules! operations {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $scope:ident, ($($parameter:ident $(= $optional:ident)?),*);)+) => {
        /// A call of the peer's wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[doc = $doc])+ $variant,)+ }

        impl Operation {
            /// Every call.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name,)+ } }

            /// What the caller's token must permit.
            #[must_use]
            pub fn scope(self) -> Scope { match self { $(Self::$variant => Scope::$scope,)+ } }

            /// Its parameters in the order of positional calls.
            #[must_use]
            pub fn parameters(self) -> &'static [Parameter] {
                match self { $(Self::$variant => const { &[$(parameter!($parameter $(= $optional)?)),*] },)+ }
            }
        }
    };
}

operations! {
    /// Whether the caller may rename and delete runs.
    GetRunMutationStatus = "get_run_mutation_status", Read, ();
    /// Replaces a whole project by an uploaded file.
    UploadDatabase = "upload_db_to_space", Admin, (project, uploaded_db, hf_token);
    /// Puts uploaded media and project files in their places.
    BulkUploadMedia = "bulk_upload_media", Write, (uploads, hf_token);
    /// Which blobs are there already.
    CheckArtifactBlobs = "check_artifact_blobs", Write, (project, digests, hf_token = null);
    /// Puts uploaded blobs in their places.
    BulkUploadArtifactBlob = "bulk_upload_artifact_blob", Write, (project, uploads, hf_token);
    /// Records a version of an artifact.
    LogArtifact = "artifact_log", Write, (project, name, r#type, description, metadata, manifest, aliases, run_name, run_id, hf_token, overwrite = null);
    /// One version of an artifact with its manifest.
    GetArtifactManifest = "get_artifact_manifest", Read, (project, name, spec);
    /// The artifacts of a project.
    GetArtifacts = "get_artifacts", Read, (project);
    /// The artifacts of a project with all their versions.
    ListArtifacts = "list_artifacts", Read, (project);
    /// What a run used and made.
    GetRunArtifacts = "get_run_artifacts", Read, (project, run = null, run_id = null);
    /// How many artifacts each run used and made.
    GetRunArtifactCounts = "get_run_artifact_counts", Read, (project);
    /// Runs that used a version.
    GetArtifactConsumers = "get_artifact_consumers", Read, (project, version_id);
    /// What a version came from and what came from it.
    GetArtifactLineage = "get_artifact_lineage", Read, (project, version_id);
    /// Records that a run used a version.
    LogArtifactUse = "log_artifact_use", Write, (project, version_id, run_name, run_id, hf_token);
    /// Stores one row.
    Log = "log", Write, (project, run, metrics, step, hf_token, run_id = null);
    /// Stores rows.
    BulkLog = "bulk_log", Write, (logs, hf_token);
    /// Stores samples of the machine.
    BulkLogSystem = "bulk_log_system", Write, (logs, hf_token);
    /// Stores alerts.
    BulkAlert = "bulk_alert", Write, (alerts, hf_token);
    /// Alerts, newest first.
    GetAlerts = "get_alerts", Read, (project, run = null, run_id = null, level = null, since = null);
    /// Values of one metric.
    GetMetricValues = "get_metric_values", Read, (project, run, metric_name, step = null, around_step = null, at_time = null, window = null, run_id = null, max_points = null);
    /// The runs of a project, oldest first.
    GetRunsForProject = "get_runs_for_project", Read, (project);
    /// The configs of the runs of a project.
    GetRunConfigs = "get_run_configs", Read, (project);
    /// Names of the metrics of a run.
    GetMetricsForRun = "get_metrics_for_run", Read, (project, run = null, run_id = null);
    /// Names of the projects.
    GetAllProjects = "get_all_projects", Read, ();
    /// A project at a glance.
    GetProjectSummary = "get_project_summary", Read, (project);
    /// A run at a glance.
    GetRunSummary = "get_run_summary", Read, (project, run = null, run_id = null);
    /// Names of the samples of the machine.
    GetSystemMetricsForRun = "get_system_metrics_for_run", Read, (project, run = null, run_id = null);
    /// Samples of the machine for one run.
    GetSystemLogs = "get_system_logs", Read, (project, run = null, run_id = null);
    /// Samples of the machine for several runs.
    GetSystemLogsBatch = "get_system_logs_batch", Read, (project, runs, max_points = null);
    /// All metrics around one step or time.
    GetSnapshot = "get_snapshot", Read, (project, run = null, run_id = null, step = null, around_step = null, at_time = null, window = null);
    /// Rows of one run.
    GetLogs = "get_logs", Read, (project, run = null, run_id = null, scalar_only = null);
    /// Rows of several runs.
    GetLogsBatch = "get_logs_batch", Read, (project, runs, max_points = null, scalar_only = null);
    /// Traces, found and sorted.
    GetTraces = "get_traces", Read, (project, run = null, run_id = null, search = null, sort = null, limit = null, offset = null, step = null);
    /// How many traces each step has.
    GetTraceSteps = "get_trace_steps", Read, (project, run = null, run_id = null);
    /// Answers a read-only SQL statement.
    QueryProject = "query_project", Read, (project, query);
    /// What the page is shown with.
    GetSettings = "get_settings", Read, ();
    /// Where registries are kept.
    GetRegistryBuckets = "get_registry_buckets", Read, ();
    /// The registries.
    GetRegistries = "get_registries", Read, (bucket_id = null);
    /// A registry with its collections and events.
    GetRegistryDetails = "get_registry_details", Read, (registry, bucket_id = null);
    /// Files saved beside the runs.
    GetProjectFiles = "get_project_files", Read, (project);
    /// Which pages have something to show.
    GetTabAvailability = "get_tab_availability", Read, (project);
    /// Deletes a run.
    DeleteRun = "delete_run", Admin, (project, run = null, run_id = null);
    /// Renames a run.
    RenameRun = "rename_run", Admin, (project, old_name, new_name, run_id = null);
    /// Syncs at once.
    ForceSync = "force_sync", Admin, ();
}

impl Operation {
    /// The call of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.name() == name)
    }

    /// Position of a parameter in positional calls, and whether it is required.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<(usize, Parameter)> {
        self.parameters().iter().copied().enumerate().find(|(_, parameter)| parameter.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_peers() {
        assert_eq!(Operation::ALL.len(), 44);
        for operation in Operation::ALL {
            assert_eq!(Operation::of(operation.name()), Some(*operation));
        }
        let log = Operation::LogArtifact.parameters();
        assert_eq!((log[2].name, log[10].name, log[10].required), ("type", "overwrite", false));
        assert_eq!(Operation::of("nothing"), None);
    }
}
