// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! A file that gets its final name only when it is complete.

use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncWriteExt;
use tonic::Status;

use crate::downloading::{Download, DownloadError, Downloaded};

/// Writes a download to `{path}.part` and renames the file at the end.
pub(crate) async fn save(mut video: Download, path: &Path) -> Result<Downloaded, DownloadError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Part(name.into());
    let mut file = fs::File::create(&part.0).await?;
    while let Some(bytes) = video.chunk().await? {
        file.write_all(&bytes).await?;
    }
    file.sync_all().await?;
    fs::rename(&part.0, path).await?;
    let whole = video.downloaded().cloned();
    whole.ok_or_else(|| Status::internal("a download ends with what it was").into())
}

/// Removes the partial file when dropped. After the rename there is none.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
