//! `scim-bridge match test`: cases that rules and dictionary must keep, as a text file for continuous integration.

use std::path::{Path, PathBuf};

use ::matcher::rules::{Facts, Rules};
use ::matcher::{Band, ExpenseTexts, Matcher};
use anyhow::Context as _;
use clap::Args;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::super::{Settings, Usage, output};
use super::{With, rules_of};

/// Flags of `match test`.
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    with: With,
    /// The cases, TOML: tables `[[case]]` with the fields of a line, and `expect`, the id of an app or `none`.
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// Rules to decide with, TOML; else those that the file of cases names as `rules`, beside it.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Option<PathBuf>,
    #[serde(default)]
    case: Vec<Case>,
}

/// A line and what must become of it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Case {
    name: String,
    vendor_description: String,
    business_purpose: String,
    expense_type_name: String,
    spend_category: String,
    expense_type_code: Option<String>,
    spend_category_code: Option<String>,
    amount: Option<String>,
    currency: Option<String>,
    owner: Option<String>,
    department: Option<String>,
    account: Option<String>,
    /// The id of an app, or `none`.
    expect: String,
    /// The least band.
    band: Option<Band>,
    /// The rule that must decide, or `none`.
    rule: Option<String>,
}

impl Test {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let matcher = &self.with.matcher(settings)?;
        let name = self.cases.display().to_string();
        let text = std::fs::read_to_string(&self.cases).with_context(|| format!("cannot read {name}"))?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            Usage(format!("{name}, line {line}: {}", error.message()))
        })?;
        if file.case.is_empty() {
            return Err(Usage(format!("{name}: no [[case]] in it")).into());
        }
        let beside = self.cases.parent().unwrap_or_else(|| Path::new(""));
        let rules = self.rules.or_else(|| file.rules.map(|rules| beside.join(rules)));
        let rules = rules_of(rules.as_deref(), matcher)?;
        let mut scratch = matcher.scratch();
        let mut failed = 0;
        for (at, case) in file.case.iter().enumerate() {
            let wrong = case
                .check(matcher, &rules, &mut scratch)
                .map_err(|reason| Usage(format!("{name}, case {} ({:?}): {reason}", at + 1, case.name)))?;
            if !wrong.is_empty() {
                failed += 1;
                output::result(&format!("FAILED {} ({:?}): {}", at + 1, case.name, wrong.join("; ")))?;
            }
        }
        output::note(&format!(
            "{} cases, {failed} failed; {} rules; dictionary {}",
            file.case.len(),
            rules.len(),
            matcher.dictionary().version()
        ));
        if failed > 0 { Err(anyhow::anyhow!("{failed} of {} cases failed", file.case.len())) } else { Ok(()) }
    }
}

impl Case {
    /// What is not as expected. An error when the case itself makes no sense.
    fn check(
        &self,
        matcher: &Matcher,
        rules: &Rules,
        scratch: &mut ::matcher::Scratch,
    ) -> Result<Vec<String>, String> {
        if self.expect.is_empty() {
            return Err("no `expect`; give the id of an app, or \"none\"".to_owned());
        }
        let expected = (self.expect != "none").then_some(self.expect.as_str());
        if expected.is_some_and(|id| matcher.dictionary().app(id).is_none()) {
            return Err(format!("the app {:?} is not in the dictionary", self.expect));
        }
        let amount = self.amount.as_deref().map(Decimal::from_str_exact).transpose();
        let facts = Facts {
            texts: ExpenseTexts {
                vendor_description: &self.vendor_description,
                business_purpose: &self.business_purpose,
                expense_type_name: &self.expense_type_name,
                spend_category: &self.spend_category,
                expense_type_code: self.expense_type_code.as_deref(),
                spend_category_code: self.spend_category_code.as_deref(),
            },
            amount: amount
                .map_err(|_| "the amount is no decimal number; write it like \"12.50\"".to_owned())?,
            currency: self.currency.as_deref(),
            owner: self.owner.as_deref(),
            department: self.department.as_deref(),
            account: self.account.as_deref(),
        };
        let decision = matcher.decide_with(&facts, rules, scratch);
        let mut wrong = Vec::new();
        let none = "none";
        let decided = decision.app_id.as_deref();
        if decided != expected {
            wrong.push(format!(
                "expected {}, decided {} (score {}, best candidate {})",
                self.expect,
                decided.unwrap_or(none),
                decision.score,
                decision.candidate.as_deref().unwrap_or(none)
            ));
        }
        if self.band.is_some_and(|least| decision.band < least) {
            wrong.push(format!("the band is only {}", decision.band));
        }
        let rule = decision.explanation.rule.as_ref().map_or(none, |rule| &*rule.name);
        if self.rule.as_deref().is_some_and(|expected| expected != rule) {
            wrong.push(format!("the rule that decided is {rule}"));
        }
        Ok(wrong)
    }
}
