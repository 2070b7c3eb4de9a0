// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Decodes the google.rpc details of errors.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};

use crate::google::rpc;

/// An invalid field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// The path of the field, for example `config.duration_seconds`.
    pub field: String,
    /// What is wrong and what is accepted.
    pub description: String,
}

/// The decoded error of a call or an operation.
#[derive(Clone, Debug)]
pub struct ErrorDetails {
    /// The gRPC code.
    pub code: Code,
    /// The machine-readable cause, for example `INVALID_FIELD`. Empty if the error does not come
    /// from the server.
    pub reason: String,
    /// What happened.
    pub message: String,
    /// The variable parts of the message.
    pub metadata: BTreeMap<String, String>,
    /// Every invalid field of the request.
    pub violations: Vec<FieldViolation>,
    /// The delay that the server asks for before a retry, if any.
    pub retry_delay: Option<Duration>,
}

impl ErrorDetails {
    /// The name of the code, for example `INVALID_ARGUMENT`.
    pub fn code_name(&self) -> &'static str {
        code_name(self.code)
    }

    fn decode(code: Code, message: &str, details: &[prost_types::Any]) -> Self {
        let info: rpc::ErrorInfo = find(details, "google.rpc.ErrorInfo").unwrap_or_default();
        let request: rpc::BadRequest = find(details, "google.rpc.BadRequest").unwrap_or_default();
        let retry: rpc::RetryInfo = find(details, "google.rpc.RetryInfo").unwrap_or_default();
        let violation = |violation: rpc::bad_request::FieldViolation| FieldViolation {
            field: violation.field,
            description: violation.description,
        };
        Self {
            code,
            reason: info.reason,
            message: message.to_owned(),
            metadata: info.metadata,
            violations: request.field_violations.into_iter().map(violation).collect(),
            retry_delay: retry.retry_delay.and_then(|delay| delay.try_into().ok()),
        }
    }
}

impl From<&Status> for ErrorDetails {
    fn from(status: &Status) -> Self {
        let packed = rpc::Status::decode(status.details()).unwrap_or_default();
        Self::decode(status.code(), status.message(), &packed.details)
    }
}

impl From<&rpc::Status> for ErrorDetails {
    fn from(status: &rpc::Status) -> Self {
        Self::decode(Code::from_i32(status.code), &status.message, &status.details)
    }
}

/// Returns whether a retry of the same call may succeed.
pub(crate) fn is_passing(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable => true,
        // Proxies, broken connections and deadlines of streams cause errors without a reason.
        // Errors of the server have one.
        Code::Internal | Code::Unknown | Code::DeadlineExceeded | Code::Cancelled => {
            ErrorDetails::from(status).reason.is_empty()
        }
        _ => false,
    }
}

/// Returns whether a call was refused because its credential has expired.
pub(crate) fn is_expired(status: &Status) -> bool {
    status.code() == Code::Unauthenticated
        && ErrorDetails::from(status).reason == "CREDENTIAL_EXPIRED"
}

/// Returns the code, with UNAVAILABLE for a broken connection, as in other gRPC libraries.
pub(crate) fn code_of(status: &Status) -> Code {
    match status.code() {
        Code::Internal | Code::Unknown | Code::Cancelled if status.source().is_some() => {
            Code::Unavailable
        }
        code => code,
    }
}

/// Returns the code for gRPC's name of it.
pub(crate) fn code_named(name: &str) -> Option<Code> {
    (0..=16).map(Code::from_i32).find(|code| code_name(*code) == name)
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

fn find<M: Message + Default>(details: &[prost_types::Any], name: &str) -> Option<M> {
    let of_type = |detail: &&prost_types::Any| detail.type_url.rsplit('/').next() == Some(name);
    let detail = details.iter().find(of_type)?;
    M::decode(detail.value.as_slice()).ok()
}
