//! Whether this database is the one that was served last from here. A backup that was put back, or a copy, does not know what
//! was sent since: it accepts changes and delivers nothing until a person confirms it (reliability I30).
//!
//! A witness outside of the database knows how far it had come: a small file beside an embedded one, in the data folder with
//! PostgreSQL. The database is always ahead of its witness, so one that is behind is an older state. Where the database
//! lies tells a copy.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::installation::{self, Installation};
use store::{Conn, Error, Store, audit};

use crate::config::Config;

/// Where the witness lies, and whether a database of before must have one.
#[derive(Debug, Clone)]
pub struct Witness {
    file: PathBuf,
    always_there: bool,
}

/// How far the database had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    generation: i64,
}

impl Witness {
    /// The witness of the configured database. Replicas on PostgreSQL may come without one, with an empty folder.
    pub fn of(config: &Config) -> Self {
        match config.database_url().strip_prefix("sqlite:") {
            Some(database) => {
                Self { file: Path::new(database).with_extension("installation"), always_there: true }
            }
            None => Self { file: config.data_dir.join("installation"), always_there: false },
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn read(&self) -> Option<Seen> {
        serde_json::from_str(&std::fs::read_to_string(&self.file).ok()?).ok()
    }

    fn write(&self, it: &Installation) -> io::Result<()> {
        let seen = Seen { generation: it.generation };
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = self.file.with_extension("installation-new");
        std::fs::write(&new, serde_json::to_string(&seen)?)?;
        std::fs::rename(new, &self.file)
    }

    /// What is wrong with a database, given where it is now.
    fn suspicion(&self, it: &Installation, seen: Option<&Seen>, place: &str) -> Option<String> {
        match seen {
            Some(seen) if it.generation < seen.generation => Some(format!(
                "an older state of the database was put back: it was last served at {}, and has been served since",
                it.seen_at
            )),
            _ if it.place != place => {
                Some("the database is a copy: it does not lie where it was served".to_owned())
            }
            None if self.always_there => Some(format!(
                "the database is a copy: {} does not lie beside it",
                self.file.file_name().unwrap_or_default().to_string_lossy()
            )),
            _ => None,
        }
    }

    fn look(&self, conn: &mut Conn, now: Timestamp) -> Result<Installation, Error> {
        let (place, seen) = (installation::place(conn)?, self.read());
        match installation::get(conn)? {
            None => {
                installation::begin(conn, seen.map_or(1, |seen| seen.generation + 1), &place, now)?;
            }
            Some(it) if it.held.is_some() => {}
            Some(it) => match self.suspicion(&it, seen.as_ref(), &place) {
                Some(reason) => {
                    installation::hold(conn, &reason, now)?;
                    record(conn, "installation.held", &reason, "scim-bridge", now)?;
                }
                None => installation::advance(conn, now)?,
            },
        }
        installation::get(conn)?.ok_or(Error::NotFound { what: "installation" })
    }

    fn keep(&self, it: &Installation) {
        if it.held.is_some() {
            // What was seen before is what tells that this one is behind.
            return;
        }
        if let Err(error) = self.write(it) {
            tracing::warn!(file = %self.file.display(), %error, "it cannot be written how far the database has come; after a restart it would be taken for a copy");
        }
    }

    /// Looks before anything is delivered; later once a minute. Blocking.
    ///
    /// # Errors
    /// The store's.
    pub fn look_blocking(&self, store: &Store, now: Timestamp) -> Result<Installation, Error> {
        let found = store.write_blocking(|conn| self.look(conn, now))?;
        if let Some(hold) = &found.held {
            tracing::error!(since = %hold.at, reason = hold.reason, "changes are accepted and nothing is delivered: look with `scim-bridge installation status`");
        }
        self.keep(&found);
        Ok(found)
    }

    /// The same beside other work.
    ///
    /// # Errors
    /// The store's.
    pub async fn look_again(&self, store: &Store, now: Timestamp) -> Result<Installation, Error> {
        let witness = self.clone();
        let found = store.write(move |conn| witness.look(conn, now)).await?;
        self.keep(&found);
        Ok(found)
    }

    /// A person confirms the database. Every account has been read again before ([`crate::reconcile::read_again`]).
    ///
    /// # Errors
    /// The store's.
    pub async fn confirm(
        &self,
        store: &Store,
        reason: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let seen = self.read().map_or(0, |seen| seen.generation);
        let (reason, actor) = (reason.to_owned(), actor.to_owned());
        let confirmed = store.write(move |conn| {
            installation::confirm(conn, seen, now)?;
            record(conn, "installation.confirm", &reason, &actor, now)?;
            installation::get(conn)
        });
        if let Some(it) = confirmed.await? {
            self.keep(&it);
        }
        Ok(())
    }
}

fn record(conn: &mut Conn, action: &str, reason: &str, actor: &str, now: Timestamp) -> Result<(), Error> {
    let event = audit::NewEvent {
        account: None,
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: "installation".to_owned(),
        details: json!({"reason": reason}),
    };
    audit::append(conn, &event).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_elsewhere_or_behind_its_witness_is_not_what_was_served() {
        let it = |generation| Installation {
            id: uuid::Uuid::nil(),
            generation,
            place: "here".to_owned(),
            seen_at: Timestamp::UNIX_EPOCH,
            held: None,
        };
        let seen = |generation| Seen { generation };
        let file = PathBuf::from("scim-bridge.installation");
        let embedded = Witness { file: file.clone(), always_there: true };
        let replica = Witness { file, always_there: false };
        let check = |witness: &Witness, generation, seen: Option<Seen>, place, word: Option<&str>| {
            let found = witness.suspicion(&it(generation), seen.as_ref(), place);
            assert_eq!(found.is_some(), word.is_some(), "{found:?}");
            assert!(found.is_none_or(|found| found.contains(word.unwrap())));
        };
        for witness in [&embedded, &replica] {
            check(witness, 7, Some(seen(7)), "here", None);
            check(witness, 8, Some(seen(7)), "here", None); // stopped before the witness was written
            check(witness, 6, Some(seen(7)), "here", Some("older state"));
            check(witness, 7, Some(seen(7)), "there", Some("copy"));
        }
        check(&embedded, 7, None, "here", Some("scim-bridge.installation does not lie beside it"));
        check(&replica, 7, None, "here", None);
    }
}
