//! `scim-bridge dictionary`: look after a dictionary of apps as a text file. The format is described in
//! `fixtures/data/dictionary/README.md`; what is found doubtful is decided by `matcher`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ::matcher::{App, Dictionary, Role, Severity};
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::matching::whole;
use super::{Settings, Usage, output};
use crate::serve;

/// Flags of `dictionary`.
#[derive(Debug, Args)]
pub(super) struct Dictionaries {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what is wrong or doubtful; exit code 1 when something is wrong.
    Lint {
        /// The dictionary, JSON Lines; else the configured one, else the one that is shipped.
        file: Option<PathBuf>,
        /// Doubts count as errors.
        #[arg(long)]
        strict: bool,
    },
    /// Lay dictionaries over one another and write the one that results, sorted.
    Build {
        /// The layers, the lowest first; `shipped` is the dictionary that is shipped.
        #[arg(required = true)]
        layers: Vec<PathBuf>,
        /// Where the result goes; - is standard output.
        #[arg(long, short, default_value = "-")]
        output: PathBuf,
    },
    /// Say how two dictionaries differ.
    Diff {
        /// The earlier one; `shipped` is the dictionary that is shipped.
        before: PathBuf,
        /// The later one.
        after: PathBuf,
    },
    /// Add an app to a file, or aliases to an app that is in it. A file that does not exist is begun.
    Add(Add),
}

#[derive(Debug, Args)]
struct Add {
    /// The file, JSON Lines.
    file: PathBuf,
    /// The app's id: small letters, digits, hyphens.
    #[arg(long)]
    id: String,
    /// The name that people use; not needed for an app that is in the file.
    #[arg(long)]
    name: Option<String>,
    /// Another name on bills; may be repeated.
    #[arg(long = "alias", value_name = "NAME")]
    aliases: Vec<String>,
    /// The host of the website.
    #[arg(long)]
    domain: Option<String>,
    /// What kind of app it is, e.g. crm-sales.
    #[arg(long)]
    category: Option<String>,
    /// The id of the company that bills for the app.
    #[arg(long)]
    parent: Option<String>,
    /// The name alone may mean something else.
    #[arg(long)]
    ambiguous: bool,
    /// A word that tells of somebody else with that name when vendor or purpose hold it; may be repeated.
    #[arg(long = "negative-word", value_name = "WORD")]
    negative_words: Vec<String>,
    /// What it is to the payer. A known processor or reseller becomes no app: edit the file for that.
    #[arg(long, value_enum, default_value_t)]
    role: RoleName,
    /// Where the entry comes from, or the aliases where the entry is known.
    #[arg(long, default_value = "own")]
    source: String,
    /// Under which licence.
    #[arg(long, default_value = "own")]
    licence: String,
}

/// [`Role`] as it is typed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum RoleName {
    /// An app: what a line may be for.
    #[default]
    App,
    /// Collects money for others.
    Processor,
    /// Sells what others make.
    Reseller,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::App => Role::App,
            RoleName::Processor => Role::Processor,
            RoleName::Reseller => Role::Reseller,
        }
    }
}

impl Dictionaries {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self.action {
            Action::Lint { file, strict } => lint(file, strict, settings),
            Action::Build { layers, output } => build(&layers, &output),
            Action::Diff { before, after } => {
                let (before, after) = (load(&before)?, load(&after)?);
                let lines = before.differences(&after);
                lines.iter().try_for_each(|line| output::result(line))?;
                output::note(&format!(
                    "{} differences; {} has {} entries, {} has {}",
                    lines.len(),
                    before.version(),
                    before.len(),
                    after.version(),
                    after.len()
                ));
                Ok(())
            }
            Action::Add(add) => add.run(),
        }
    }
}

/// A dictionary by its path, or the shipped one by its name.
fn load(path: &Path) -> anyhow::Result<Dictionary> {
    if path == Path::new("shipped") { Ok(serve::load_dictionary(None)?) } else { read(path) }
}

fn read(path: &Path) -> anyhow::Result<Dictionary> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Dictionary::from_jsonl(&text).map_err(|error| Usage(format!("{}: {error}", path.display())).into())
}

fn lint(file: Option<PathBuf>, strict: bool, settings: &Settings) -> anyhow::Result<()> {
    let file = match file {
        Some(file) => Some(file),
        None => settings.load()?.dictionary_file().map(Path::to_path_buf),
    };
    let dictionary = file.as_deref().map_or_else(|| load(Path::new("shipped")), load)?;
    let findings = dictionary.lint();
    for finding in &findings {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        output::result(&format!("{severity}: {}: {}", finding.app, finding.message))?;
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    output::note(&format!(
        "{} entries, {errors} errors, {} warnings; version {}",
        dictionary.len(),
        findings.len() - errors,
        dictionary.version()
    ));
    if errors > 0 || strict && !findings.is_empty() {
        anyhow::bail!("the dictionary needs work");
    }
    Ok(())
}

fn build(layers: &[PathBuf], path: &Path) -> anyhow::Result<()> {
    let layers: Vec<Dictionary> = layers.iter().map(|layer| load(layer)).collect::<anyhow::Result<_>>()?;
    write(&Dictionary::layered(layers), path)
}

/// Writes entries, a line each in the order of their ids, once they have been read back as a dictionary.
fn write(apps: &[App], path: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    for app in apps {
        text.push_str(&serde_json::to_string(app)?);
        text.push('\n');
    }
    let dictionary = Dictionary::from_jsonl(&text).map_err(|error| Usage(format!("the result: {error}")))?;
    whole(path, |file| Ok(file.write_all(text.as_bytes())?))?;
    output::note(&format!("{} entries; version {}", dictionary.len(), dictionary.version()));
    Ok(())
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let before = if self.file.exists() {
            read(&self.file)?
        } else {
            Dictionary::from_jsonl("").map_err(anyhow::Error::new)?
        };
        let name = match (&self.name, before.app(&self.id)) {
            (Some(name), _) => name.clone(),
            (None, Some(known)) => known.name.clone(),
            (None, None) => {
                return Err(
                    Usage(format!("{} is not in {}: give --name", self.id, self.file.display())).into()
                );
            }
        };
        let known = before.app(&self.id).is_some();
        let of_alias = |alias: &String| (alias.clone(), self.source.clone());
        let alias_sources = if known { self.aliases.iter().map(of_alias).collect() } else { BTreeMap::new() };
        let new = App {
            id: self.id.clone(),
            name,
            aliases: self.aliases,
            domain: self.domain,
            category: self.category,
            parent: self.parent,
            role: self.role.into(),
            ambiguous: self.ambiguous,
            ambiguity_note: None,
            ambiguous_aliases: Vec::new(),
            negative_words: self.negative_words,
            alias_sources,
            source: (!known).then_some(self.source),
            licence: (!known).then_some(self.licence),
        };
        // The parent may be in the file below, so it is set when both are one.
        let layer = App { parent: None, ..new.clone() };
        let layer = Dictionary::from_jsonl(&serde_json::to_string(&layer)?);
        let layer = layer.map_err(|error| Usage(format!("the app {}: {}", self.id, error.reason)))?;
        let mut apps = Dictionary::layered([before, layer]);
        if let Some(app) = apps.iter_mut().find(|app| app.id == self.id)
            && new.parent.is_some()
        {
            app.parent = new.parent;
        }
        write(&apps, &self.file)?;
        let findings = read(&self.file)?.lint();
        for finding in findings.iter().filter(|finding| finding.app == self.id) {
            output::note(&format!("{}: {}", finding.app, finding.message));
        }
        Ok(())
    }
}
