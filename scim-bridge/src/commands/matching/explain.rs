//! `scim-bridge match explain`: why one line is decided as it is, and what would change it.

use std::path::PathBuf;

use ::matcher::ExpenseTexts;
use ::matcher::rules::Facts;
use clap::Args;

use super::super::{Settings, output};
use super::{With, rules_of};

/// Flags of `match explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    with: With,
    /// The vendor as the line names it.
    #[arg(value_name = "VENDOR")]
    vendor: String,
    /// The business purpose.
    #[arg(long, default_value = "")]
    purpose: String,
    /// The expense type.
    #[arg(long, default_value = "")]
    expense_type: String,
    /// The spend category.
    #[arg(long, default_value = "")]
    category: String,
    /// Rules that come before the dictionary, TOML.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The record as JSON, as the API answers it.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let matcher = &self.with.matcher(settings)?;
        let rules = rules_of(self.rules.as_deref(), matcher)?;
        let texts = ExpenseTexts {
            vendor_description: &self.vendor,
            business_purpose: &self.purpose,
            expense_type_name: &self.expense_type,
            spend_category: &self.category,
            ..ExpenseTexts::default()
        };
        let mut scratch = matcher.scratch();
        let mut decision = matcher.decide_with(&Facts { texts, ..Facts::default() }, &rules, &mut scratch);
        decision.explanation.smallest_change = matcher.smallest_change(&texts, &mut scratch);
        if self.json {
            return output::result(&serde_json::to_string_pretty(&decision)?);
        }
        let none = "no app";
        output::result(&format!(
            "{} ({}, score {})",
            decision.app_id.as_deref().unwrap_or(none),
            decision.band,
            decision.score
        ))?;
        let explanation = &decision.explanation;
        if let Some(rule) = &explanation.rule {
            output::result(&format!("  by the rule {:?}: {}", rule.name, rule.action.as_str()))?;
        }
        if let Some(found) = &explanation.found {
            let candidate = decision.candidate.as_deref().unwrap_or(none);
            let source =
                found.alias_source.as_ref().map_or_else(String::new, |source| format!(" (source: {source})"));
            output::result(&format!(
                "  {:?} reads like {:?}, a name of {candidate}{source}",
                found.text, found.alias
            ))?;
        }
        for evidence in &explanation.evidence {
            output::result(&format!("  {:+.2}  {} ({})", evidence.weight, evidence.why, evidence.name))?;
        }
        if let Some(second) = &explanation.runner_up {
            output::result(&format!("  second: {} (score {})", second.app_id, second.score))?;
        }
        match &explanation.smallest_change {
            Some(change) => output::result(&format!(
                "  it would be {} if {:?} were {:?}",
                change.app_id.as_deref().unwrap_or(none),
                change.from,
                change.to
            )),
            None => output::result("  no single change would lead to another answer"),
        }
    }
}
