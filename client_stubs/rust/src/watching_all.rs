// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Watches all operations.

use tokio::time::sleep;
use tonic::{Request, Status, Streaming};

use crate::client::Client;
use crate::errors::{ErrorDetails, is_expired, is_passing};
use crate::retrying::{Backoff, RetryPolicy};
use crate::v1::watch_operations_response::Event;
use crate::v1::{GenerateVideosOperation, WatchOperationsRequest, WatchOperationsResponse};
use crate::watching::STREAM;

/// An event of a watch of all operations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OperationEvent {
    /// An operation as it is now: part of the initial set, new, or changed.
    Changed(Box<GenerateVideosOperation>),
    /// The operation of this name was deleted, or its record has expired.
    Deleted(String),
    /// Every operation that existed when the watch began has arrived. Comes once a set.
    InitialSetComplete,
    /// The initial set begins again: discard the operations that the watch brought before.
    InitialSetRestarted,
}

/// The state of every operation that the caller may see, then changes as they happen. It has no end
/// of its own. Dropping it ends the call.
#[derive(Debug)]
pub struct WatchAll {
    client: Client,
    filter: String,
    resume_from: String,
    position: String,
    has_begun: bool,
    restarts: bool,
    complete: bool,
    // The message that follows the event InitialSetRestarted.
    held: Option<WatchOperationsResponse>,
    stream: Option<Streaming<WatchOperationsResponse>>,
    backoff: Backoff,
    reconnects: u32,
}

impl WatchAll {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            filter: String::new(),
            resume_from: String::new(),
            position: String::new(),
            has_begun: false,
            restarts: false,
            complete: false,
            held: None,
            stream: None,
            backoff: Backoff::new(RetryPolicy::default()),
            reconnects: 0,
        }
    }

    /// Watches only operations that match a filter of the contract, such as `state = RUNNING`.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = filter.into();
        self
    }

    /// Skips what happened up to a position of an earlier watch with the same filter.
    pub fn after_position(mut self, position: impl Into<String>) -> Self {
        self.resume_from = position.into();
        self
    }

    /// Sets how often and after which delays it is resumed.
    pub fn resume(mut self, policy: RetryPolicy) -> Self {
        self.backoff = Backoff::new(policy);
        self
    }

    /// The position of the last event, an opaque value: give it to [`WatchAll::after_position`] to
    /// go on after the event when your program starts again. Empty within an initial set, which
    /// cannot be resumed.
    pub fn position(&self) -> &str {
        &self.position
    }

    /// The number of resumptions so far.
    pub fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// Waits for the next event and returns it.
    ///
    /// # Errors
    ///
    /// An error after which the watch cannot resume.
    pub async fn event(&mut self) -> Result<OperationEvent, Status> {
        loop {
            match self.receive().await {
                Ok(Some(message)) => {
                    if let Some(event) = self.take(message) {
                        return Ok(event);
                    }
                }
                Ok(None) => {
                    let ended = Status::unavailable("the watch of all operations ended");
                    self.broke(ended).await?;
                }
                Err(status) => self.broke(status).await?,
            }
        }
    }

    async fn receive(&mut self) -> Result<Option<WatchOperationsResponse>, Status> {
        if self.held.is_some() {
            return Ok(self.held.take());
        }
        let stream = match &mut self.stream {
            Some(stream) => stream,
            empty => {
                let mut request = Request::new(WatchOperationsRequest {
                    filter: self.filter.clone(),
                    after_position: self.resume_from.clone(),
                    ..Default::default()
                });
                // A stream without a position cannot be resumed, so it gets longer to deliver the
                // initial set.
                let longest = if self.resume_from.is_empty() { 6 * STREAM } else { STREAM };
                request.set_timeout(longest);
                let answer = self.client.service().watch_operations(request).await?;
                empty.insert(answer.into_inner())
            }
        };
        stream.message().await
    }

    fn take(&mut self, message: WatchOperationsResponse) -> Option<OperationEvent> {
        if self.restarts {
            self.restarts = false;
            self.held = Some(message);
            self.position.clear();
            return Some(OperationEvent::InitialSetRestarted);
        }
        let is_heartbeat = matches!(message.event, Some(Event::Heartbeat(_)));
        if is_heartbeat || message.position != self.resume_from {
            // Only for progress: a stream that always breaks within the initial set must not be
            // resumed for ever.
            self.backoff.reset();
        }
        if !message.position.is_empty() {
            self.resume_from.clone_from(&message.position);
        }
        let event = match message.event {
            Some(Event::Operation(operation)) => OperationEvent::Changed(Box::new(operation)),
            Some(Event::Deletion(deletion)) => OperationEvent::Deleted(deletion.name),
            Some(Event::InitialSetComplete(_)) if !self.complete => {
                self.complete = true;
                OperationEvent::InitialSetComplete
            }
            // Events that this version does not know are skipped.
            _ => return None,
        };
        self.has_begun = true;
        self.position = message.position;
        Some(event)
    }

    async fn broke(&mut self, status: Status) -> Result<(), Status> {
        self.stream = None;
        self.reconnects += 1;
        if !self.resume_from.is_empty() && is_position_lost(&status) {
            self.restart();
            return Ok(());
        }
        // If the next credential is refused too, another one would be.
        let is_refreshable = is_expired(&status) && self.backoff.is_fresh();
        if !is_passing(&status) && !is_refreshable {
            return Err(status);
        }
        sleep(self.backoff.next_delay(status)?).await;
        if self.resume_from.is_empty() && self.has_begun {
            self.restart();
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.resume_from.clear();
        self.has_begun = false;
        self.complete = false;
        self.restarts = true;
    }
}

/// Returns whether the server can no longer resume after a position: it does not keep the changes
/// since then, or was restored from a backup.
fn is_position_lost(status: &Status) -> bool {
    matches!(ErrorDetails::from(status).reason.as_str(), "POSITION_EXPIRED" | "REVISION_AHEAD")
}
