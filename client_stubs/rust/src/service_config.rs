// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! The service config with the retries, shared by the clients of all languages.
//!
//! Calls are repeated after UNAVAILABLE, and after CANCELLED, which a stopping server answers. Either
//! may hide that the server has acted, so GenerateVideos is safe to repeat only because each request
//! has a request_id. A caller cancels a call by dropping it, which ends its retries as well.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use tonic::Code;

use crate::errors::code_named;
use crate::retrying::RetryPolicy;

/// The retry policy of a unary method, and the codes that it applies to.
#[derive(Clone, Debug)]
pub(crate) struct MethodPolicy {
    pub(crate) retry: RetryPolicy,
    pub(crate) codes: Vec<Code>,
}

/// Returns the retry policy of a method of the video service, if it has one.
pub(crate) fn policy_of(method: &str) -> Option<&'static MethodPolicy> {
    static POLICIES: LazyLock<HashMap<String, MethodPolicy>> = LazyLock::new(read);
    POLICIES.get(method)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    method_config: Vec<MethodConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodConfig {
    name: Vec<Name>,
    retry_policy: Policy,
}

#[derive(Deserialize)]
struct Name {
    method: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    max_attempts: u32,
    initial_backoff: String,
    max_backoff: String,
    backoff_multiplier: f64,
    retryable_status_codes: Vec<String>,
}

fn read() -> HashMap<String, MethodPolicy> {
    let text = include_str!("gen/service_config.json");
    let document: Document = serde_json::from_str(text).expect("a test reads it");
    let policies = document.method_config.into_iter().flat_map(|config| {
        let policy = method_policy(&config.retry_policy);
        config.name.into_iter().map(move |name| (name.method, policy.clone()))
    });
    policies.collect()
}

fn method_policy(policy: &Policy) -> MethodPolicy {
    let named = |name: &String| code_named(name).expect("a test reads it");
    MethodPolicy {
        retry: RetryPolicy {
            initial: duration(&policy.initial_backoff),
            multiplier: policy.backoff_multiplier,
            longest: duration(&policy.max_backoff),
            // The first attempt is not a retry.
            attempts: policy.max_attempts - 1,
        },
        codes: policy.retryable_status_codes.iter().map(named).collect(),
    }
}

fn duration(text: &str) -> Duration {
    let seconds = text.trim_end_matches('s').parse().expect("a test reads it");
    Duration::from_secs_f64(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generate_videos_is_tried_five_times_while_the_server_is_unavailable() {
        let policy = policy_of("GenerateVideos").expect("it is in the file");

        assert_eq!(policy.retry.attempts, 4);
        assert_eq!(policy.retry.initial, Duration::from_millis(100));
        assert_eq!(policy.codes, [Code::Unavailable, Code::Cancelled]);
        assert!(policy_of("WatchOperation").is_none());
    }
}
