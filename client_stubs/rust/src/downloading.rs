// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Downloads the bytes of a video and verifies them.

use std::{fmt, io};

use sha2::{Digest, Sha256};
use tokio::time::sleep;
use tonic::{Request, Status, Streaming};

use crate::client::Client;
use crate::errors::{is_expired, is_passing};
use crate::retrying::{Backoff, RetryPolicy};
use crate::v1::{DownloadVideoRequest, DownloadVideoResponse, GeneratedVideo, Video};
use crate::watching::STREAM;

/// A complete download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// The size in bytes.
    pub size_bytes: u64,
    /// The SHA-256 in hexadecimal digits. It equals the server's if that is known.
    pub sha256: String,
}

/// Why a video could not be saved.
#[derive(Debug)]
pub enum DownloadError {
    /// The bytes cannot be fetched, or fail the verification (DATA_LOSS).
    Call(Status),
    /// The file cannot be written.
    File(io::Error),
}

impl fmt::Display for DownloadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(status) => write!(formatter, "the video cannot be fetched: {status}"),
            Self::File(error) => write!(formatter, "the file cannot be written: {error}"),
        }
    }
}

impl std::error::Error for DownloadError {}

impl From<Status> for DownloadError {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// The bytes of a video in order. Dropping it ends the call.
#[derive(Debug)]
pub struct Download {
    client: Client,
    name: String,
    told: Video,
    offset: u64,
    hash: Sha256,
    stream: Option<Streaming<DownloadVideoResponse>>,
    backoff: Backoff,
    whole: Option<Downloaded>,
}

impl Download {
    pub(crate) fn new(client: Client, video: &GeneratedVideo) -> Self {
        Self {
            client,
            name: video.name.clone(),
            told: video.video.clone().unwrap_or_default(),
            offset: 0,
            hash: Sha256::new(),
            stream: None,
            backoff: Backoff::new(RetryPolicy::default()),
            whole: None,
        }
    }

    /// Sets how often and after which delays it is resumed.
    pub fn resume(mut self, policy: RetryPolicy) -> Self {
        self.backoff = Backoff::new(policy);
        self
    }

    /// The result, once [`Download::chunk`] has returned None.
    pub fn downloaded(&self) -> Option<&Downloaded> {
        self.whole.as_ref()
    }

    /// Returns the next bytes. Returns None at the end, once all bytes have been verified.
    ///
    /// # Errors
    ///
    /// An error after which it cannot resume, or DATA_LOSS if the bytes fail the verification.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Status> {
        while self.whole.is_none() {
            match self.receive().await {
                Ok(Some(bytes)) => return Ok(Some(bytes)),
                Ok(None) if !self.lacks_bytes() => self.whole = Some(self.verified()?),
                Ok(None) => {
                    let message =
                        format!("the download of {} ended after {} bytes", self.name, self.offset);
                    self.broke(Status::unavailable(message)).await?;
                }
                Err(status) => self.broke(status).await?,
            }
        }
        Ok(None)
    }

    async fn receive(&mut self) -> Result<Option<Vec<u8>>, Status> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => {
                let mut request = Request::new(DownloadVideoRequest {
                    name: self.name.clone(),
                    read_offset: i64::try_from(self.offset).unwrap_or(i64::MAX),
                    ..Default::default()
                });
                request.set_timeout(STREAM);
                let answer = self.client.service().download_video(request).await?;
                empty.insert(answer.into_inner())
            }
        };
        while let Some(message) = stream.message().await? {
            if let Some(video) = message.video {
                self.told.size_bytes = video.size_bytes.or(self.told.size_bytes);
                if !video.sha256.is_empty() {
                    self.told.sha256 = video.sha256;
                }
            }
            let bytes = message.chunk.map(|chunk| chunk.data).unwrap_or_default();
            if !bytes.is_empty() {
                // Not at every message: a stream may start successfully each time and make no
                // progress.
                self.backoff.reset();
                self.hash.update(&bytes);
                self.offset += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
        self.stream = None;
        Ok(None)
    }

    async fn broke(&mut self, status: Status) -> Result<(), Status> {
        self.stream = None;
        // If the next credential is refused too, another one would be.
        let is_refreshable = is_expired(&status) && self.backoff.is_fresh();
        if !is_passing(&status) && !is_refreshable {
            return Err(status);
        }
        sleep(self.backoff.next_delay(status)?).await;
        Ok(())
    }

    fn size_told(&self) -> Option<u64> {
        self.told.size_bytes.and_then(|size| size.try_into().ok())
    }

    fn lacks_bytes(&self) -> bool {
        self.size_told().is_some_and(|size| self.offset < size)
    }

    fn verified(&self) -> Result<Downloaded, Status> {
        let (name, size_bytes) = (&self.name, self.offset);
        let digest = self.hash.clone().finalize();
        let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Some(size) = self.size_told().filter(|size| *size != size_bytes) {
            let message = format!("{name} has {size} bytes, but {size_bytes} arrived");
            return Err(Status::data_loss(message));
        }
        if !self.told.sha256.is_empty() && !self.told.sha256.eq_ignore_ascii_case(&sha256) {
            let message = format!("{name}: its bytes do not have the SHA-256 {}", self.told.sha256);
            return Err(Status::data_loss(message));
        }
        Ok(Downloaded { size_bytes, sha256 })
    }
}
