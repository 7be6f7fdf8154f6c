//! An account's rules, ready to be asked, with what they look at beside the line itself.

use matcher::rules::{Facts, Rules, RulesError};
use matcher::{Decision, Dictionary, Matcher, Scratch, Verdict};
use store::{Conn, accounts, ids::AccountId, lines::Line, people};

use crate::decide::Subject;
use crate::departments::Departments;
use crate::{Error, decide};

/// An account's rules in one revision.
#[derive(Debug)]
pub(crate) struct Rulebook {
    revision: i64,
    rules: Rules,
    account_name: String,
    departments: Departments,
}

impl Rulebook {
    /// The rules that hold.
    pub(crate) fn current(
        conn: &mut Conn,
        account: AccountId,
        dictionary: &Dictionary,
    ) -> Result<Self, Error> {
        let (revision, text) = match store::rules::current(conn, account)? {
            None => (0, String::new()),
            Some(current) => (current.revision, current.rules),
        };
        let rules = Rules::from_toml(&text, dictionary);
        let rules = rules.map_err(|source| Error::StoredRules { revision, source })?;
        Self::with(conn, account, revision, rules)
    }

    /// Rules that are to hold as this revision.
    pub(crate) fn proposed(
        conn: &mut Conn,
        account: AccountId,
        dictionary: &Dictionary,
        revision: i64,
        text: &str,
    ) -> Result<Self, Error> {
        let rules = Rules::from_toml(text, dictionary).map_err(|source: RulesError| Error::Rules(source))?;
        Self::with(conn, account, revision, rules)
    }

    fn with(conn: &mut Conn, account: AccountId, revision: i64, rules: Rules) -> Result<Self, Error> {
        let account_name = accounts::get(conn, account)?.name;
        // Whole companies are read for it, so only when somebody asks.
        let people = if rules.asks_for_department() { people::in_concur(conn, account)? } else { Vec::new() };
        Ok(Self { revision, rules, account_name, departments: Departments::of(people) })
    }

    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// What rules may know of a line. Amounts are the posted ones, as everywhere in answers.
    fn facts<'l>(&'l self, line: Subject<'l>) -> Facts<'l> {
        Facts {
            texts: decide::texts(line.texts),
            amount: Some(line.posted.amount),
            currency: Some(&line.posted.currency),
            owner: Some(line.owner_login),
            department: self.departments.get(line.owner_login),
            account: Some(&self.account_name),
        }
    }

    /// The decision with its reasons.
    pub(crate) fn decide(&self, matcher: &Matcher, line: Subject<'_>, scratch: &mut Scratch) -> Decision {
        matcher.decide_with(&self.facts(line), &self.rules, scratch)
    }

    /// The decision about a line that is not stored, from what its sender tells.
    pub(crate) fn decide_given(
        &self,
        matcher: &Matcher,
        given: &Facts<'_>,
        scratch: &mut Scratch,
    ) -> Decision {
        let department = given.department.or_else(|| self.departments.get(given.owner?));
        let facts = Facts { department, account: Some(&self.account_name), ..*given };
        matcher.decide_with(&facts, &self.rules, scratch)
    }

    /// The decision without its reasons, and the rule that made it.
    pub(crate) fn judge(
        &self,
        matcher: &Matcher,
        line: &Line,
        scratch: &mut Scratch,
    ) -> (Verdict, Option<matcher::rules::Ruling>) {
        matcher.judge_with(&self.facts(line.into()), &self.rules, scratch)
    }
}
