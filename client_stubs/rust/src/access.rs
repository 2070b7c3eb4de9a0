// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! How a client proves who it is, and where it may send that.

use std::fmt;
use std::sync::Arc;

use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

const ACCEPTED: &str = "accepted are https://host, grpcs://host:port, http://host:port, \
                        grpc://host:port and host:port";

/// Why a client cannot be made.
#[derive(Debug)]
pub enum ConnectError {
    /// The address is not valid. The message says what is accepted and does not repeat the address.
    Address(String),
    /// The credentials do not suit the address, or a file cannot be used.
    Access(String),
    /// The transport refused the settings.
    Transport(tonic::transport::Error),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(message) => write!(to, "address: {message}"),
            Self::Access(message) => to.write_str(message),
            Self::Transport(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            _ => None,
        }
    }
}

impl From<tonic::transport::Error> for ConnectError {
    fn from(error: tonic::transport::Error) -> Self {
        Self::Transport(error)
    }
}

/// A server to connect to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) uri: String,
    pub(crate) is_encrypted: bool,
    /// Whether what is sent is encrypted or cannot leave this machine.
    pub(crate) is_private: bool,
}

impl Target {
    pub(crate) fn parse(address: &str) -> Result<Self, ConnectError> {
        let wrong = || ConnectError::Address(ACCEPTED.into());
        let (scheme, rest) = address.split_once("://").unwrap_or(("grpc", address));
        let is_encrypted = matches!(scheme, "https" | "grpcs");
        if !is_encrypted && !matches!(scheme, "http" | "grpc") {
            return Err(wrong());
        }
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        let is_name = !host.is_empty()
            && !host.contains(|letter: char| letter.is_whitespace() || ":/?#@[]".contains(letter));
        if !is_bracketed && !is_name {
            return Err(wrong());
        }
        let port = match (port, scheme) {
            (Some(port), _) => port.parse::<u16>().map_err(|_| wrong())?,
            (None, "https") => 443,
            (None, "http") => 80,
            (None, _) => {
                return Err(ConnectError::Address(format!("the port is missing; {ACCEPTED}")));
            }
        };
        let protocol = if is_encrypted { "https" } else { "http" };
        Ok(Self {
            uri: format!("{protocol}://{host}:{port}"),
            is_encrypted,
            is_private: is_encrypted || is_loopback(host),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns a token for each call.
pub(crate) type TokenSource = dyn Fn() -> Result<String, Status> + Send + Sync;

/// Metadata and the credential of every call.
#[derive(Clone, Default)]
pub struct Metadata {
    pub(crate) fixed: MetadataMap,
    pub(crate) secret: Option<Arc<TokenSource>>,
}

impl fmt::Debug for Metadata {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be credentials.
        let names: Vec<_> = self.fixed.keys().map(|key| format!("{key:?}")).collect();
        to.debug_struct("Metadata").field("names", &names).finish_non_exhaustive()
    }
}

impl Interceptor for Metadata {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let merged = self.fixed.clone().into_headers();
        request.metadata_mut().as_mut().extend(merged);
        if let Some(secret) = &self.secret {
            request.metadata_mut().insert("authorization", bearer(&secret()?)?);
        }
        Ok(request)
    }
}

fn bearer(secret: &str) -> Result<MetadataValue<Ascii>, Status> {
    let mut value: MetadataValue<Ascii> = format!("Bearer {secret}")
        .parse()
        .map_err(|_| Status::unauthenticated("a key or token has printable ASCII characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str, is_encrypted: bool, is_private: bool) -> Target {
        Target { uri: uri.into(), is_encrypted, is_private }
    }

    #[test]
    fn an_address_says_whether_it_is_encrypted() {
        for (address, expected) in [
            ("https://example.com", target("https://example.com:443", true, true)),
            ("grpcs://example.com:7", target("https://example.com:7", true, true)),
            ("http://example.com", target("http://example.com:80", false, false)),
            ("grpc://127.0.0.1:7", target("http://127.0.0.1:7", false, true)),
            ("localhost:50051", target("http://localhost:50051", false, true)),
            ("[::1]:7", target("http://[::1]:7", false, true)),
            ("10.0.0.1:7", target("http://10.0.0.1:7", false, false)),
        ] {
            assert_eq!(Target::parse(address).unwrap(), expected);
        }
    }

    #[test]
    fn a_wrong_address_is_told_what_is_accepted() {
        for address in ["", "a.b", "grpcs://a.b", "ftp://a:1", "https://a/b", "https://ann:pw@a"] {
            let message = Target::parse(address).unwrap_err().to_string();
            assert!(message.contains("accepted are https://host"), "{message}");
            assert!(!message.contains("pw"), "{message}");
        }
    }

    #[test]
    fn the_credential_is_sent_and_not_shown() {
        let mut metadata =
            Metadata { secret: Some(Arc::new(|| Ok("ltk_secret".into()))), ..Default::default() };
        let sent = metadata.call(Request::new(())).unwrap();
        assert_eq!(sent.metadata().get("authorization").unwrap(), "Bearer ltk_secret");
        assert!(!format!("{metadata:?} {sent:?}").contains("ltk_secret"));
    }
}
