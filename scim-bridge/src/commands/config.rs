//! `scim-bridge config check|show`.

use clap::Subcommand;

use super::{Settings, output};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Say whether the configuration can be used.
    Check {
        /// A file with the settings of an account (JSON) to check too, before it is set.
        #[arg(long, value_name = "FILE")]
        account_settings: Option<std::path::PathBuf>,
    },
    /// Print every setting, its value and where it came from. Passwords are hidden.
    Show,
}

impl Config {
    pub(super) fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let layers = settings.layers(super::variables())?;
        match self {
            Self::Check { account_settings } => {
                layers.build()?;
                if let Some(path) = account_settings {
                    super::account::settings::read(&path)?;
                }
                output::note("the configuration can be used");
                Ok(())
            }
            Self::Show => {
                let rows: Vec<_> = layers
                    .settings()
                    .into_iter()
                    .map(|setting| vec![setting.key, setting.value.to_string(), setting.origin.to_string()])
                    .collect();
                output::table(&["setting", "value", "from"], &rows)?;
                layers.build()?;
                Ok(())
            }
        }
    }
}
