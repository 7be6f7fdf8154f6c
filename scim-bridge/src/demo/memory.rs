//! What the demo remembers in its data directory, so that a killed one goes on where it stopped.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fixtures::idp::Variables;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::ids::AccountId;

const FILE: &str = "demo-state.json";

/// Everything that must survive the process. Saved before and after each step of the story.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memory {
    /// Seed of the simulated company.
    pub(super) seed: u64,
    /// The last day of its year of reports.
    pub(super) today: Date,
    /// Port of the simulator's first origin; tokens name it, so it is kept where it is free.
    pub(super) simulator_port: u16,
    /// The connected account.
    pub(super) account: Option<AccountId>,
    /// Tokens by scope; their plaintext is shown once and kept here alone.
    pub(super) tokens: BTreeMap<String, String>,
    /// Steps of the story that are over.
    pub(super) told: Vec<Told>,
    /// The step at hand, if one was begun.
    pub(super) at_hand: Option<AtHand>,
    /// Values captured in the conversation at hand.
    pub(super) variables: Variables,
}

/// A step that was begun and may be over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct AtHand {
    /// Writes that Concur had received before it.
    pub(super) mark: usize,
}

/// A step that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Name of the conversation.
    pub(super) conversation: String,
    /// What the IdP sent: method and path.
    pub(super) sent: String,
    /// Status of the answer.
    pub(super) status: u16,
    /// Why the IdP sent it.
    pub(super) comment: String,
    /// What Concur received.
    pub(super) concur: Vec<String>,
    /// Where it parts from the recording; empty when all is as recorded.
    pub(super) differences: Vec<String>,
}

impl Memory {
    /// What an earlier process left, or a new memory.
    pub(super) fn load(data_dir: &Path, seed: u64, today: Date) -> anyhow::Result<Memory> {
        let path = data_dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Memory {
                    seed,
                    today,
                    simulator_port: 0,
                    account: None,
                    tokens: BTreeMap::new(),
                    told: Vec::new(),
                    at_hand: None,
                    variables: Variables::new(),
                });
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let memory: Memory = serde_json::from_str(&text).with_context(|| {
            format!(
                "{} was not written by this version of the demo; remove the folder or choose another --data-dir",
                path.display()
            )
        })?;
        if memory.seed != seed {
            bail!(
                "the company in {} was made with --seed {}, not {seed}; give that seed, or another --data-dir",
                data_dir.display(),
                memory.seed
            );
        }
        Ok(memory)
    }

    /// Replaces the file as a whole: a process that dies here leaves the old one or the new one.
    pub(super) fn save(&self, data_dir: &Path) -> anyhow::Result<()> {
        write_whole(&data_dir.join(FILE), &serde_json::to_vec_pretty(self)?)
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let beside: PathBuf = path.with_extension("new");
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = jiff::civil::date(2026, 11, 20);

    #[test]
    fn a_memory_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::load(folder.path(), 1, DAY).unwrap();
        memory.simulator_port = 4711;
        memory.at_hand = Some(AtHand { mark: 3 });
        memory.variables.insert("user_id".to_owned(), "7".to_owned());
        memory.save(folder.path()).unwrap();
        let back = Memory::load(folder.path(), 1, DAY.tomorrow().unwrap()).unwrap();
        assert_eq!(back.today, DAY, "the company's year does not move when the demo goes on the next day");
        assert_eq!(back.simulator_port, 4711);
        assert_eq!(back.at_hand.unwrap().mark, 3);
        assert_eq!(back.variables["user_id"], "7");
    }

    #[test]
    fn another_seed_in_the_same_folder_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        Memory::load(folder.path(), 1, DAY).unwrap().save(folder.path()).unwrap();
        let error = Memory::load(folder.path(), 2, DAY).unwrap_err().to_string();
        assert!(error.contains("--seed 1") && error.contains("--data-dir"), "{error}");
    }

    #[test]
    fn a_foreign_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        let error = format!("{:#}", Memory::load(folder.path(), 1, DAY).unwrap_err());
        assert!(error.contains(FILE), "{error}");
    }
}
