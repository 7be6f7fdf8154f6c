//! The delivery states and which may follow which: the table of reliability §2, as a pure function.

use crate::value::text_enum;

text_enum!(
    /// Delivery state of an operation (reliability §2).
    State {
        /// Waits behind an earlier operation of the same resource.
        Accepted = "accepted",
        /// Stopped by the brake or by an operator.
        Held = "held",
        /// Head of its chain, due at `due_at`.
        Ready = "ready",
        /// A request may be on the wire.
        Sending = "sending",
        /// Concur gave a provision id.
        Submitted = "submitted",
        /// Concur reports success; not read back yet.
        Verifying = "verifying",
        /// Nobody knows whether it was applied.
        Unknown = "unknown",
        /// Read back and equal.
        Done = "done",
        /// Permanent, or attempts used up; needs a person.
        Failed = "failed",
        /// Replaced by a later operation.
        Superseded = "superseded",
        /// Ended by a person, or taken back because Concur refused it: in time (design D4), or as a step that nothing may wait for.
        Cancelled = "cancelled",
    }
);

impl State {
    /// Nothing leads out of it, and it blocks nobody.
    pub const fn is_end(self) -> bool {
        matches!(self, State::Done | State::Superseded | State::Cancelled)
    }

    /// It may have left traces at Concur that are not settled yet; at most one per resource.
    pub const fn is_in_flight(self) -> bool {
        matches!(self, State::Sending | State::Submitted | State::Verifying | State::Unknown)
    }

    /// Whether a transition may lead from here to `to`. `sending` is entered by claiming only. The last three states
    /// in flight may keep their state: asked again, same answer.
    pub const fn may_become(self, to: State) -> bool {
        use State::{
            Accepted, Cancelled, Done, Failed, Held, Ready, Sending, Submitted, Superseded, Unknown,
            Verifying,
        };
        match self {
            Accepted => matches!(to, Ready | Held | Superseded | Cancelled),
            // A person may stop or end what has not begun; a later operation may replace it.
            Ready => matches!(to, Ready | Held | Superseded | Cancelled),
            Held => matches!(to, Accepted | Ready | Cancelled | Superseded),
            Sending => matches!(to, Submitted | Verifying | Unknown | Ready | Failed),
            Submitted => matches!(to, Submitted | Verifying | Unknown | Failed | Ready),
            // Identity went well and an extension did not: the rest goes out again, or fails (I16).
            Verifying => matches!(to, Verifying | Done | Unknown | Ready | Failed),
            Unknown => matches!(to, Unknown | Verifying | Ready | Failed),
            // A later operation may make it pointless: a deactivation that has passed it.
            Failed => matches!(to, Ready | Cancelled | Superseded),
            Done | Superseded | Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn nothing_leads_out_of_an_end_state_and_only_a_claim_into_sending() {
        for &from in State::ALL {
            for &to in State::ALL {
                let allowed = from.may_become(to);
                assert!(!(allowed && from.is_end()), "{from} -> {to}");
                assert!(!(allowed && to == State::Sending), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn done_is_reached_only_by_reading_back() {
        for &from in State::ALL {
            assert_eq!(from.may_become(State::Done), from == State::Verifying, "{from}");
        }
    }

    #[test]
    fn what_may_be_on_the_wire_cannot_be_cancelled() {
        for &from in State::ALL {
            let ends = from.may_become(State::Cancelled) || from.may_become(State::Superseded);
            assert!(!(ends && from.is_in_flight()), "{from}");
        }
    }

    #[test]
    fn texts_are_read_back() {
        for &state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("Ready".parse::<State>().is_err());
    }
}
