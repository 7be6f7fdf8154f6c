//! Decisions with a customer's rules before the dictionary.

use crate::band::Band;
use crate::decision::{Decision, Verdict};
use crate::matcher::Matcher;
use crate::rules::{Action, Facts, Rules, Ruling};
use crate::scratch::Scratch;

impl Matcher {
    /// Decides a line by the first rule that holds, and by the dictionary when none does. What the dictionary says is
    /// told beside a rule's answer: its candidate, with the evidence.
    pub fn decide_with(&self, facts: &Facts<'_>, rules: &Rules, scratch: &mut Scratch) -> Decision {
        let said = rules.decide(facts);
        scratch.never.clear();
        scratch.never.extend_from_slice(&said.never);
        let mut decision = self.decide_allowed(&facts.texts, scratch);
        let Some(ruling) = said.ruling else { return decision };
        decision.app_id = said.app.map(|app| self.id(app));
        if ruling.action == Action::Match {
            decision.candidate.clone_from(&decision.app_id);
            decision.score = 1.0;
        }
        decision.band = if ruling.action == Action::Match { Band::Certain } else { Band::None };
        decision.explanation.rule = Some(ruling);
        decision
    }

    /// The same without reasons, and the rule that decided.
    pub fn judge_with(
        &self,
        facts: &Facts<'_>,
        rules: &Rules,
        scratch: &mut Scratch,
    ) -> (Verdict, Option<Ruling>) {
        let said = rules.decide(facts);
        scratch.never.clear();
        scratch.never.extend_from_slice(&said.never);
        let mut verdict = self.judge_allowed(&facts.texts, scratch);
        if let Some(ruling) = &said.ruling {
            verdict.app = said.app;
            verdict.band = Band::None;
            if ruling.action == Action::Match {
                verdict.candidate = said.app;
                verdict.score = 1.0;
                verdict.band = Band::Certain;
            }
        }
        (verdict, said.ruling)
    }
}
