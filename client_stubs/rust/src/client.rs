// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! The client: the contract's calls with deadlines and retries, and operations that combine several
//! calls.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::access::ConnectError;
use crate::connecting::{Builder, Service};
use crate::downloading::{Download, DownloadError, Downloaded};
use crate::errors::code_of;
use crate::partial_file::save;
use crate::retrying::Backoff;
use crate::service_config::policy_of;
use crate::v1::*;
use crate::watching::Watch;
use crate::watching_all::WatchAll;

/// Calls a Longtake server. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Client {
    service: Service,
    timeout: Duration,
    // Ends the health checks when the last clone is dropped.
    _checks: Arc<JoinSet<()>>,
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident = $method:literal($Request:ty) -> $Response:ty;)*) => {
        $($(#[$doc])*
        ///
        /// # Errors
        ///
        /// The server's error, see [`ErrorDetails`](crate::ErrorDetails), or UNAVAILABLE if the
        /// server cannot be reached after the retries of the shipped service config.
        pub async fn $name(&self, request: $Request) -> Result<$Response, Status> {
            self.unary($method, request, |mut service, request| async move {
                service.$name(request).await
            })
            .await
        })*
    };
}

impl Client {
    /// Returns a client of an address that connects at its first call, with the credentials of the
    /// environment; see [`Builder`]. Must be called on a tokio runtime.
    ///
    /// # Errors
    ///
    /// As [`Builder::connect`].
    pub fn connect(address: impl Into<String>) -> Result<Self, ConnectError> {
        Self::builder().address(address).connect()
    }

    /// Returns a builder that sets the address, deadlines and metadata.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(service: Service, timeout: Duration, checks: Arc<JoinSet<()>>) -> Self {
        Self { service, timeout, _checks: checks }
    }

    /// Returns a clone with a different deadline for unary calls.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Returns tonic's client of the contract, without retries and deadlines.
    pub fn service(&self) -> Service {
        self.service.clone()
    }

    /// Starts a generation and returns its operation without waiting for the end. Sets the
    /// `request_id` of a request that has none, so retries start and pay for only one generation.
    ///
    /// # Errors
    ///
    /// The server's error, with every violation, or UNAVAILABLE if the server cannot be reached.
    pub async fn generate_videos(
        &self,
        mut request: GenerateVideosRequest,
    ) -> Result<GenerateVideosOperation, Status> {
        if request.request_id.is_empty() {
            request.request_id = Uuid::new_v4().to_string();
        }
        self.unary("GenerateVideos", request, |mut service, request| async move {
            service.generate_videos(request).await
        })
        .await
    }

    unary! {
        /// Returns the current state of an operation without waiting.
        get_operation = "GetOperation"(GetOperationRequest) -> GenerateVideosOperation;
        /// Waits until an operation is newer than a revision or has ended, at most until this
        /// client's deadline. [`Client::watch`] waits longer.
        wait_operation = "WaitOperation"(WaitOperationRequest) -> GenerateVideosOperation;
        /// Lists operations, the newest first.
        list_operations = "ListOperations"(ListOperationsRequest) -> ListOperationsResponse;
        /// Requests the cancellation of a generation and returns its operation.
        cancel_operation = "CancelOperation"(CancelOperationRequest) -> GenerateVideosOperation;
        /// Deletes the record of an operation and its videos. Does not cancel the generation.
        delete_operation = "DeleteOperation"(DeleteOperationRequest) -> ();
        /// Lists the models and their capabilities.
        list_models = "ListModels"(ListModelsRequest) -> ListModelsResponse;
        /// Returns a model.
        get_model = "GetModel"(GetModelRequest) -> Model;
        /// Returns the principal of the call and what is left of its budgets.
        get_caller = "GetCaller"(GetCallerRequest) -> Caller;
        /// Returns counts and costs of operations.
        get_usage = "GetUsage"(GetUsageRequest) -> GetUsageResponse;
    }

    /// Watches an operation to its end. Resumes after broken connections and restarts of the
    /// server.
    pub fn watch(&self, name: impl Into<String>) -> Watch {
        Watch::new(self.clone(), name.into())
    }

    /// Watches all operations that the caller may see. Resumes after broken connections and restarts
    /// of the server.
    pub fn watch_all(&self) -> WatchAll {
        WatchAll::new(self.clone())
    }

    /// Waits for the end of an operation and returns it, even if it failed.
    ///
    /// # Errors
    ///
    /// An error after which [`Watch::message`] cannot resume.
    pub async fn wait(&self, name: impl Into<String>) -> Result<GenerateVideosOperation, Status> {
        let mut watch = self.watch(name);
        let mut last = GenerateVideosOperation::default();
        while let Some(state) = watch.message().await? {
            last = state;
        }
        Ok(last)
    }

    /// Reads the bytes of a video in order. Resumes after broken connections. Of the video, only
    /// `name` is required.
    pub fn read(&self, video: &GeneratedVideo) -> Download {
        Download::new(self.clone(), video)
    }

    /// Downloads a video to a file. Writes to `{path}.part` and renames that to `path` once the
    /// bytes are complete and verified.
    ///
    /// # Errors
    ///
    /// The bytes cannot be fetched, fail the verification, or cannot be written.
    pub async fn download(
        &self,
        video: &GeneratedVideo,
        path: &Path,
    ) -> Result<Downloaded, DownloadError> {
        save(self.read(video), path).await
    }

    async fn unary<Q, A, F, Fut>(&self, method: &str, request: Q, call: F) -> Result<A, Status>
    where
        Q: Clone,
        F: Fn(Service, Request<Q>) -> Fut,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        let deadline = Instant::now() + self.timeout;
        let attempt = || {
            let mut request = Request::new(request.clone());
            request.set_timeout(deadline.saturating_duration_since(Instant::now()));
            call(self.service.clone(), request)
        };
        match timeout_at(deadline, retried(method, attempt)).await {
            // What tonic returns if its own timer fires first.
            Ok(Err(status)) if status.code() == Code::Cancelled && Instant::now() >= deadline => {
                Err(Status::deadline_exceeded(status.message()))
            }
            Ok(outcome) => outcome,
            Err(_) => Err(Status::deadline_exceeded(format!(
                "{method} did not end within {:?}",
                self.timeout
            ))),
        }
    }
}

async fn retried<A, Fut>(method: &str, attempt: impl Fn() -> Fut) -> Result<A, Status>
where
    Fut: Future<Output = Result<Response<A>, Status>>,
{
    let policy = policy_of(method);
    let mut backoff = Backoff::new(policy.map(|policy| policy.retry.clone()).unwrap_or_default());
    loop {
        let status = match attempt().await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => status,
        };
        if !policy.is_some_and(|policy| policy.codes.contains(&code_of(&status))) {
            return Err(status);
        }
        sleep(backoff.next_delay(status)?).await;
    }
}
