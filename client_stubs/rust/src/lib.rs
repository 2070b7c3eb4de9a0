// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! The client of Longtake, a gRPC service for generated video.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use longtake_client::Client;
//! use longtake_client::v1::generate_videos_operation::Result as Outcome;
//! use longtake_client::v1::{GenerateVideosConfig, GenerateVideosRequest};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect("localhost:50051")?;
//! let mut operation = client
//!     .generate_videos(GenerateVideosRequest {
//!         model: "veo-3.1-fast-generate-001".into(),
//!         prompt: "A paper boat sails down a rainy street".into(),
//!         config: Some(GenerateVideosConfig {
//!             duration_seconds: Some(4),
//!             ..Default::default()
//!         }),
//!         ..Default::default()
//!     })
//!     .await?;
//! let mut watch = client.watch(&operation.name);
//! while let Some(state) = watch.message().await? {
//!     operation = state;
//! }
//! if let Some(Outcome::Response(response)) = &operation.result {
//!     for video in &response.generated_videos {
//!         client.download(video, Path::new("boat.mp4")).await?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod access;
mod balancing;
mod client;
mod connecting;
mod downloading;
mod errors;
mod partial_file;
mod retrying;
mod service_config;
mod watching;
mod watching_all;

#[allow(missing_docs, clippy::all, rustdoc::all)]
#[path = "gen/mod.rs"]
mod generated;

pub use access::{ConnectError, Metadata};
pub use client::Client;
pub use connecting::{Builder, Service};
pub use downloading::{Download, DownloadError, Downloaded};
pub use errors::{ErrorDetails, FieldViolation};
pub use generated::google;
pub use generated::longtake::v1;
pub use retrying::RetryPolicy;
pub use watching::Watch;
pub use watching_all::{OperationEvent, WatchAll};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
