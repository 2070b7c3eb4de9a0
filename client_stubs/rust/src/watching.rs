// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Watches one operation to its end.

use std::time::Duration;

use tokio::time::sleep;
use tonic::{Request, Status, Streaming};

use crate::client::Client;
use crate::errors::{is_expired, is_passing};
use crate::retrying::{Backoff, RetryPolicy};
use crate::v1::watch_operation_response::Event;
use crate::v1::{GenerateVideosOperation, WatchOperationRequest, WatchOperationResponse};

/// The longest duration of one stream before it is resumed, so a stream cannot hang forever.
pub(crate) const STREAM: Duration = Duration::from_secs(600);

/// The current state of an operation and every change until its end. Revisions strictly increase.
/// Intermediate states may be skipped, the final one never. Dropping it ends the call.
#[derive(Debug)]
pub struct Watch {
    client: Client,
    name: String,
    seen: i64,
    resume_from: i64,
    ended: bool,
    stream: Option<Streaming<WatchOperationResponse>>,
    backoff: Backoff,
    reconnects: u32,
}

impl Watch {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self {
            client,
            name,
            seen: 0,
            resume_from: 0,
            ended: false,
            stream: None,
            backoff: Backoff::new(RetryPolicy::default()),
            reconnects: 0,
        }
    }

    /// Skips the states that the caller has: yields only those newer than this revision.
    pub fn after_revision(mut self, revision: i64) -> Self {
        self.seen = revision;
        self.resume_from = revision;
        self
    }

    /// Sets how often and after which delays it is resumed.
    pub fn resume(mut self, policy: RetryPolicy) -> Self {
        self.backoff = Backoff::new(policy);
        self
    }

    /// The number of resumptions so far.
    pub fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// Returns the next state, or None after the last one.
    ///
    /// # Errors
    ///
    /// An error after which the watch cannot resume.
    pub async fn message(&mut self) -> Result<Option<GenerateVideosOperation>, Status> {
        loop {
            let arrived = match self.ended && self.stream.is_none() {
                true => Ok(None),
                false => self.receive().await,
            };
            match arrived {
                Ok(Some(Event::Operation(operation))) => {
                    self.ended = operation.done;
                    if operation.revision > self.seen {
                        self.seen = operation.revision;
                        self.resume_from = operation.revision;
                        return Ok(Some(operation));
                    }
                }
                Ok(Some(Event::Heartbeat(_))) => {}
                _ if self.ended => {
                    self.stream = None;
                    return Ok(None);
                }
                Ok(None) => self.ended_early().await?,
                Err(status) => self.broke(status).await?,
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<Event>, Status> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => {
                let mut request = Request::new(WatchOperationRequest {
                    name: self.name.clone(),
                    after_revision: self.resume_from,
                    ..Default::default()
                });
                request.set_timeout(STREAM);
                let answer = self.client.service().watch_operation(request).await?;
                empty.insert(answer.into_inner())
            }
        };
        while let Some(response) = stream.message().await? {
            self.backoff.reset();
            // Events that this version does not know are skipped.
            if response.event.is_some() {
                return Ok(response.event);
            }
        }
        Ok(None)
    }

    async fn ended_early(&mut self) -> Result<(), Status> {
        // Either the caller already has the final state, or a proxy ended the stream without an
        // error. Requesting the current state tells which.
        self.resume_from = 0;
        let message = format!("the watch ended before {} did", self.name);
        self.broke(Status::unavailable(message)).await
    }

    async fn broke(&mut self, status: Status) -> Result<(), Status> {
        self.stream = None;
        // If the next credential is refused too, another one would be.
        let is_refreshable = is_expired(&status) && self.backoff.is_fresh();
        if !is_passing(&status) && !is_refreshable {
            return Err(status);
        }
        let delay = self.backoff.next_delay(status)?;
        self.reconnects += 1;
        sleep(delay).await;
        Ok(())
    }
}
