// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Connection settings: address, limits, keepalive, credentials.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Error};
use tonic::{Request, Status};

use crate::balancing::balance;
use crate::client::Client;
use crate::v1::video_service_client::VideoServiceClient;

/// tonic's client of the contract.
pub type Service = VideoServiceClient<InterceptedService<Channel, Metadata>>;

const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Metadata of every call.
#[derive(Clone, Debug, Default)]
pub struct Metadata(MetadataMap);

impl Interceptor for Metadata {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let merged = self.0.clone().into_headers();
        request.metadata_mut().as_mut().extend(merged);
        Ok(request)
    }
}

/// Configures the connection.
#[derive(Clone, Debug)]
pub struct Builder {
    address: Option<String>,
    timeout: Duration,
    metadata: Metadata,
}

impl Default for Builder {
    fn default() -> Self {
        Self { address: None, timeout: Duration::from_secs(30), metadata: Metadata::default() }
    }
}

impl Builder {
    /// Sets the server's `host:port`, or `https://host:port` for TLS with the feature `tls`.
    /// Default: LONGTAKE_ADDRESS, or `localhost:50051` if it is not set.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets the deadline of each unary call. Streams have none. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Adds metadata to every call, for example credentials.
    pub fn metadata(mut self, key: MetadataKey<Ascii>, value: MetadataValue<Ascii>) -> Self {
        self.metadata.0.insert(key, value);
        self
    }

    /// Returns a client that connects at its first call. Must be called on a tokio runtime.
    ///
    /// # Errors
    ///
    /// The address is not valid.
    pub fn connect(self) -> Result<Client, Error> {
        let endpoints = self.endpoints()?;
        let mut checks = JoinSet::new();
        let channel = match endpoints.as_slice() {
            [only] => only.connect_lazy(),
            _ => balance(endpoints, &mut checks),
        };
        let service = VideoServiceClient::with_interceptor(channel, self.metadata)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Client::new(service, self.timeout, Arc::new(checks)))
    }

    fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        let of_environment = || env::var("LONGTAKE_ADDRESS").ok();
        let addresses = self.address.clone().or_else(of_environment);
        let addresses = addresses.unwrap_or_else(|| "localhost:50051".into());
        // Several addresses, separated by commas, are for servers that share their state. Such
        // servers do not exist yet, so the documentation does not mention this.
        addresses.split(',').map(|address| endpoint(address.trim())).collect()
    }
}

fn endpoint(address: &str) -> Result<Endpoint, Error> {
    let uri = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    // Detects dead connections. The heartbeats of watches are more frequent than these pings, so
    // servers do not reject the pings as too many.
    Ok(Endpoint::from_shared(uri)?
        .connect_timeout(Duration::from_secs(20))
        .http2_keep_alive_interval(Duration::from_secs(60))
        .keep_alive_timeout(Duration::from_secs(20)))
}
