//! What a webhook is sent: a message of Slack, one of Discord, or the alert itself, by the address.
//!
//! Source: the peer's `alerts.send_webhook`. Its longest texts are refused by either service; ours are shortened.

use paceline_schema::AlertLevel;
use paceline_schema::webhook::WebhookCall;
use serde_json::{Value, json};

/// Most characters of a text, by Slack's and Discord's limits.
const SLACK_TEXT: usize = 3_000;
const DISCORD_TITLE: usize = 256;
const DISCORD_TEXT: usize = 4_096;
const DISCORD_FOOTER: usize = 2_048;

/// The body of the request.
pub(super) fn payload(call: &WebhookCall) -> Value {
    let url = &call.target.url;
    if url.contains("hooks.slack.com") {
        slack(call)
    } else if ["discord.com/api/webhooks", "discordapp.com/api/webhooks"]
        .iter()
        .any(|part| url.contains(part))
    {
        discord(call)
    } else {
        json!({
            "level": call.level, "title": call.title, "text": call.text, "project": call.target.project,
            "run": call.target.run, "step": call.step, "timestamp": call.time,
        })
    }
}

fn slack(call: &WebhookCall) -> Value {
    let section = |text: &str| json!({"type": "section", "text": markdown(text)});
    let headline = format!("{} *[{}] {}*", mark(call.level), name(call.level), call.title);
    let mut blocks = vec![section(&headline)];
    blocks.extend(call.text.as_deref().filter(|text| !text.is_empty()).map(section));
    blocks.push(json!({"type": "context", "elements": [markdown(&origin(call))]}));
    json!({"blocks": blocks})
}

fn markdown(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": shortened(text, SLACK_TEXT)})
}

fn discord(call: &WebhookCall) -> Value {
    let colour = match call.level {
        AlertLevel::Info => 0x0034_98db,
        AlertLevel::Warn => 0x00ff_ff00,
        AlertLevel::Error => 0x00e7_4c3c,
    };
    let title = format!("{} [{}] {}", mark(call.level), name(call.level), call.title);
    let mut embed = json!({
        "title": shortened(&title, DISCORD_TITLE), "color": colour,
        "footer": {"text": shortened(&origin(call), DISCORD_FOOTER)},
    });
    if let Some(text) = call.text.as_deref().filter(|text| !text.is_empty()) {
        embed["description"] = shortened(text, DISCORD_TEXT).into();
    }
    json!({"embeds": [embed]})
}

fn origin(call: &WebhookCall) -> String {
    let step = call.step.map_or_else(String::new, |step| format!("  •  Step {step}"));
    format!("Project: {}  •  Run: {}{step}", call.target.project, call.target.run)
}

fn mark(level: AlertLevel) -> &'static str {
    match level {
        AlertLevel::Info => "ℹ️",
        AlertLevel::Warn => "⚠️",
        AlertLevel::Error => "🚨",
    }
}

fn name(level: AlertLevel) -> String {
    level.as_str().to_uppercase()
}

/// The text in at most `most` characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
