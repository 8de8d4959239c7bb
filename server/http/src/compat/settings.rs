//! What the peer's page is shown with, and which of its pages have something to show.

use paceline_query::Engine;
use paceline_schema::env;
use paceline_schema::run::ProjectContents;
use serde::Serialize;

use super::call::{Call, Reply};
use crate::error::ApiError;
use crate::logo;

/// The colours of runs unless others are set; the peer's.
const USUAL_PALETTE: &str = "#A8769B,#E89957,#3B82F6,#10B981,#EF4444,#8B5CF6,#14B8A6,#F59E0B,#EC4899,#06B6D4";
/// Characters after which the page shortens text in tables unless another number is set; the peer's.
const USUAL_TABLE_LENGTH: u32 = 250;

/// What the peer's page is shown with, as the environment says.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageSettings {
    logo_urls: LogoUrls,
    color_palette: Vec<String>,
    plot_order: Vec<String>,
    table_truncate_length: u32,
    space_id: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct LogoUrls {
    light: String,
    dark: String,
}

/// The answer to `get_settings`.
#[derive(Serialize)]
struct PeerSettings<'a> {
    #[serde(flatten)]
    page: &'a PageSettings,
    media_dir: String,
}

/// Whether the caller may rename and delete runs, and why.
#[derive(Serialize)]
struct PeerMutationStatus {
    spaces: bool,
    allowed: bool,
    auth: &'static str,
}

/// The answer to `get_tab_availability`.
#[derive(Serialize)]
struct PeerTabs {
    metrics: bool,
    system: bool,
    traces: bool,
    media: bool,
    reports: bool,
    files: bool,
    artifacts: bool,
}

impl PageSettings {
    /// `read` answers for an environment variable.
    pub(crate) fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        let logo = |name, usual: &str| read(name).unwrap_or_else(|| usual.to_owned());
        let set = |name| read(name).filter(|text: &String| !text.is_empty());
        let list = |text: &str| text.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
        let palette = set(env::TRACKIO_COLOR_PALETTE).unwrap_or_else(|| USUAL_PALETTE.to_owned());
        let mut plot_order = list(&set(env::TRACKIO_PLOT_ORDER).unwrap_or_default());
        plot_order.retain(|name| !name.is_empty());
        let table_length = set(env::TRACKIO_TABLE_TRUNCATE_LENGTH).and_then(|text| text.trim().parse().ok());
        Self {
            logo_urls: LogoUrls {
                light: logo(env::TRACKIO_LOGO_LIGHT_URL, logo::LIGHT),
                dark: logo(env::TRACKIO_LOGO_DARK_URL, logo::DARK),
            },
            color_palette: list(&palette),
            plot_order,
            table_truncate_length: table_length.unwrap_or(USUAL_TABLE_LENGTH),
            space_id: read(env::SPACE_ID),
        }
    }
}

/// What a page without a server is told of how it is to look, as the environment says: the peer's `settings.json`.
#[must_use]
pub fn snapshot_settings() -> serde_json::Value {
    let PageSettings { color_palette, plot_order, .. } = PageSettings::of(|name| std::env::var(name).ok());
    serde_json::json!({ "color_palette": color_palette, "plot_order": plot_order })
}

/// `get_settings`.
pub(super) fn settings(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let media = engine.store().directory().join("media");
    let media = std::path::absolute(&media).unwrap_or(media);
    Reply::of(&PeerSettings { page: &call.server()?.page, media_dir: media.to_string_lossy().into_owned() })
}

/// `get_run_mutation_status`.
pub(super) fn run_mutation_status(call: &Call<'_>, _: &Engine) -> Result<Reply, ApiError> {
    let allowed = call.may_change_runs;
    Reply::of(&PeerMutationStatus { spaces: false, allowed, auth: if allowed { "local" } else { "none" } })
}

/// `get_tab_availability`: nothing for a project that is not there.
pub(super) fn tab_availability(call: &Call<'_>, engine: &Engine) -> Result<Reply, ApiError> {
    let project: String = call.get("project")?;
    let contents = super::call::or_default(engine.project_contents(&project))?;
    let ProjectContents { metrics, media, reports, system, traces, files, artifacts, alerts } = contents;
    Reply::of(&PeerTabs {
        metrics,
        system,
        traces,
        media,
        reports: reports || alerts > 0,
        files,
        artifacts: artifacts > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_how_the_page_looks() {
        let set = |name: &str| {
            let value = match name {
                env::TRACKIO_COLOR_PALETTE => "#111111, #222222",
                env::TRACKIO_PLOT_ORDER => "train/*, ,loss",
                env::TRACKIO_TABLE_TRUNCATE_LENGTH => "40",
                env::TRACKIO_LOGO_DARK_URL => "/dark.png",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let page = PageSettings::of(set);
        assert_eq!(page.color_palette, ["#111111", "#222222"]);
        assert_eq!(page.plot_order, ["train/*", "loss"]);
        assert_eq!((page.table_truncate_length, page.logo_urls.dark.as_str()), (40, "/dark.png"));
        assert_eq!(page.logo_urls.light, logo::LIGHT);
        let plain = PageSettings::of(|_| None);
        assert_eq!((plain.color_palette.len(), plain.plot_order.len()), (10, 0));
    }
}
