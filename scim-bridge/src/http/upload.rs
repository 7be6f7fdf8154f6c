//! A body that is a file: written to disk as it arrives, so that memory holds a piece of it at a time.

use std::io::{self, Write as _};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use tempfile::NamedTempFile;

use super::error::Error;
use super::extract::{check_headers, each_chunk};
use crate::config::Limits;

/// Written at once.
const PIECE_BYTES: usize = 1 << 20;

/// The body of a request, of `limits.import_bytes`, whatever it says it is. The file is gone when it is dropped. How long all of it
/// may take is the route's business.
pub(crate) async fn file(
    headers: &HeaderMap,
    payload: Payload,
    limits: &Limits,
) -> Result<NamedTempFile, Error> {
    let most = limits.import_bytes;
    check_headers(headers, most, |_| true, "")?;
    let mut arriving = Arriving { file: Some(on_disk(NamedTempFile::new).await?), piece: Vec::new() };
    each_chunk(payload, most, limits.body_pace, async |chunk| arriving.take(&chunk).await).await?;
    arriving.end().await
}

struct Arriving {
    /// Away while it is written to.
    file: Option<NamedTempFile>,
    piece: Vec<u8>,
}

impl Arriving {
    async fn take(&mut self, chunk: &Bytes) -> Result<(), Error> {
        self.piece.extend_from_slice(chunk);
        if self.piece.len() < PIECE_BYTES {
            return Ok(());
        }
        self.write().await
    }

    async fn write(&mut self) -> Result<(), Error> {
        let (piece, file) = (std::mem::take(&mut self.piece), self.file.take());
        let mut file = file.ok_or(Error::BodyBroken)?;
        self.file = Some(
            on_disk(move || {
                file.write_all(&piece)?;
                Ok(file)
            })
            .await?,
        );
        Ok(())
    }

    async fn end(mut self) -> Result<NamedTempFile, Error> {
        self.write().await?;
        self.file.ok_or(Error::BodyBroken)
    }
}

/// Does it on a thread that may wait for the disk.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|died| Error::Internal(died.to_string()))?;
    done.map_err(|error| {
        tracing::error!(%error, "a file that was sent cannot be kept in the folder for temporary files (TMPDIR)");
        Error::Scim(scim::Error::unavailable(
            "the file cannot be kept on the bridge's disk right now; its log says why",
        ))
    })
}
