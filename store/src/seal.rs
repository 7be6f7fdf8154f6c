//! Sealing.
use crate::Error;

/// The key that seals stored secrets.
#[derive(Clone)]
pub struct MasterKey {}
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}
impl MasterKey {
    /// From 32 bytes.
    pub fn from_bytes(_bytes: [u8; 32]) -> Self {
        unimplemented!()
    }
    /// From the text form (base64 or hex of 32 bytes), as an environment variable holds it.
    pub fn from_text(_text: &str) -> Result<Self, Error> {
        unimplemented!()
    }
    /// From a file holding the text form; on Unix it must not be readable by others (0600).
    pub fn from_file(_path: &std::path::Path) -> Result<Self, Error> {
        unimplemented!()
    }
    /// Makes a new random key file (0600); fails if the file exists.
    pub fn generate_file(_path: &std::path::Path) -> Result<Self, Error> {
        unimplemented!()
    }
}
