// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Connection settings: address, limits, keepalive, TLS.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::Status;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

use crate::access::{ConnectError, Metadata, Target};
use crate::balancing::balance;
use crate::client::Client;
use crate::v1::video_service_client::VideoServiceClient;

/// tonic's client of the contract.
pub type Service = VideoServiceClient<InterceptedService<Channel, Metadata>>;

const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Configures the connection.
#[derive(Clone, Debug)]
pub struct Builder {
    address: Option<String>,
    timeout: Duration,
    metadata: Metadata,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    private_key: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Self {
        let file = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let builder = Self {
            address: None,
            timeout: Duration::from_secs(30),
            metadata: Metadata::default(),
            ca: file("LONGTAKE_CA"),
            certificate: file("LONGTAKE_CLIENT_CERTIFICATE"),
            private_key: file("LONGTAKE_CLIENT_KEY"),
        };
        match env::var("LONGTAKE_API_KEY") {
            Ok(key) if !key.is_empty() => builder.api_key(key),
            _ => builder,
        }
    }
}

impl Builder {
    /// Sets the server: `https://host` and `grpcs://host:port` use TLS; `http://host:port`,
    /// `grpc://host:port` and `host:port` do not. Default: LONGTAKE_ADDRESS, or `localhost:50051` if
    /// it is not set.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets the deadline of each unary call. Streams have none. Default: 30 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends an API key with every call, in place of any key or token. Default: LONGTAKE_API_KEY.
    pub fn api_key(self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.token(move || Ok(key.clone()))
    }

    /// Sends a token with every call, in place of any key or token. The function is called before
    /// each call and must not block, so it should keep a token until shortly before that expires. A
    /// watch or download whose token expired calls it and resumes.
    pub fn token(
        mut self,
        token: impl Fn() -> Result<String, Status> + Send + Sync + 'static,
    ) -> Self {
        self.metadata.secret = Some(Arc::new(token));
        self
    }

    /// Sets the PEM file of the authorities to trust. Default: LONGTAKE_CA, or the system's.
    pub fn ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca = Some(file.into());
        self
    }

    /// Sets the PEM files that identify the client. Default: LONGTAKE_CLIENT_CERTIFICATE and
    /// LONGTAKE_CLIENT_KEY.
    pub fn certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        private_key: impl Into<PathBuf>,
    ) -> Self {
        self.certificate = Some(certificate.into());
        self.private_key = Some(private_key.into());
        self
    }

    /// Adds metadata to every call, for example for a proxy.
    pub fn metadata(mut self, key: MetadataKey<Ascii>, value: MetadataValue<Ascii>) -> Self {
        self.metadata.fixed.insert(key, value);
        self
    }

    /// Returns a client that connects at its first call. Must be called on a tokio runtime. Reads
    /// the PEM files.
    ///
    /// # Errors
    ///
    /// The address is not valid, or the credentials do not suit it: a key or token is sent over TLS
    /// only, or to a loopback address.
    pub fn connect(self) -> Result<Client, ConnectError> {
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

    fn endpoints(&self) -> Result<Vec<Endpoint>, ConnectError> {
        let of_environment = || env::var("LONGTAKE_ADDRESS").ok();
        let addresses = self.address.clone().or_else(of_environment);
        let addresses = addresses.unwrap_or_else(|| "localhost:50051".into());
        // Several addresses, separated by commas, are for servers that share their state. Such
        // servers do not exist yet, so the documentation does not mention this.
        addresses.split(',').map(|address| self.endpoint(address.trim())).collect()
    }

    fn endpoint(&self, address: &str) -> Result<Endpoint, ConnectError> {
        let target = Target::parse(address)?;
        if self.metadata.secret.is_some() && !target.is_private {
            let advice = "a key or token is sent over TLS only, so give an https:// or grpcs:// \
                          address";
            return Err(ConnectError::Access(advice.into()));
        }
        // Detects dead connections. The heartbeats of watches are more frequent than these pings, so
        // servers do not reject the pings as too many.
        let endpoint = Endpoint::from_shared(target.uri)?
            .connect_timeout(Duration::from_secs(20))
            .http2_keep_alive_interval(Duration::from_secs(60))
            .keep_alive_timeout(Duration::from_secs(20));
        if target.is_encrypted {
            return self.with_tls(endpoint);
        }
        let files = [&self.ca, &self.certificate, &self.private_key];
        if files.iter().any(|file| file.is_some()) {
            let advice = "a CA and a client certificate need an https:// or grpcs:// address";
            return Err(ConnectError::Access(advice.into()));
        }
        Ok(endpoint)
    }

    #[cfg(feature = "tls")]
    fn with_tls(&self, endpoint: Endpoint) -> Result<Endpoint, ConnectError> {
        use tonic::transport::{Certificate, ClientTlsConfig, Identity};

        let tls = match &self.ca {
            Some(file) => {
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read("CA", file)?))
            }
            None => ClientTlsConfig::new().with_native_roots(),
        };
        let tls = match (&self.certificate, &self.private_key) {
            (Some(certificate), Some(key)) => tls.identity(Identity::from_pem(
                read("client certificate", certificate)?,
                read("client key", key)?,
            )),
            (None, None) => tls,
            _ => {
                let advice = "a client certificate and its key go together; give both files";
                return Err(ConnectError::Access(advice.into()));
            }
        };
        Ok(endpoint.tls_config(tls)?)
    }

    #[cfg(not(feature = "tls"))]
    fn with_tls(&self, _endpoint: Endpoint) -> Result<Endpoint, ConnectError> {
        Err(ConnectError::Access("build longtake-client with the feature tls to use TLS".into()))
    }
}

#[cfg(feature = "tls")]
fn read(what: &str, file: &std::path::Path) -> Result<Vec<u8>, ConnectError> {
    std::fs::read(file).map_err(|error| {
        ConnectError::Access(format!("the {what} {} cannot be read: {error}", file.display()))
    })
}
