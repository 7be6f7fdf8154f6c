//! `scim-bridge account scopes` and `account errors`: tables that people need while they connect a company.

use clap::Args;
use concur::auth::{Remedy, TokenCause};

use super::super::{Usage, output};
use super::check::functionality;
use crate::accounts::scopes::Functionality;

/// Flags of `account scopes`.
#[derive(Debug, Args)]
pub(in crate::commands) struct Scopes {
    /// What the connection is for: expenses, users, management. Without it, all three.
    #[arg(long = "for", value_name = "PART", value_delimiter = ',', value_parser = functionality)]
    wanted: Vec<Functionality>,
    /// Only what this program cannot do without.
    #[arg(long)]
    minimal: bool,
}

impl Scopes {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let wanted = if self.wanted.is_empty() { Functionality::ALL.to_vec() } else { self.wanted };
        let mut names: Vec<&str> = Vec::new();
        for functionality in wanted {
            let set = if self.minimal { functionality.needed() } else { functionality.requested().to_vec() };
            names.extend(set);
        }
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(*name));
        names.into_iter().try_for_each(output::result)
    }
}

/// Flags of `account errors`.
#[derive(Debug, Args)]
pub(in crate::commands) struct Errors {
    /// One code, as Concur answered it. Without it, all of them.
    code: Option<u32>,
}

impl Errors {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let rows: Vec<_> = TokenCause::documented()
            .filter(|(code, _)| self.code.is_none_or(|wanted| wanted == *code))
            .map(|(code, cause)| {
                let cells = [cause.meaning(), cause.next_step(), who(cause.remedy())].map(str::to_owned);
                std::iter::once(code.to_string()).chain(cells).collect()
            })
            .collect();
        if let (Some(code), true) = (self.code, rows.is_empty()) {
            let reason =
                "SAP Concur documents no such code of the token endpoint; list them with `account errors`";
            return Err(Usage(format!("{code}: {reason}")).into());
        }
        output::table(&["code", "cause", "next step", "who"], &rows)
    }
}

fn who(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Operator => "the customer",
        Remedy::Configuration => "the application or its settings",
        Remedy::Bug => "us",
        Remedy::Retry | Remedy::Unknown => "nobody yet",
    }
}
