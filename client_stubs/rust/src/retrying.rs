// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! How long to wait before a call or a stream is tried again, and when to give up.

use std::time::Duration;

use tonic::Status;

use crate::errors::ErrorDetails;

/// How something that failed is tried again. The default is that of watches and downloads: for
/// about a minute without anything arriving.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The first wait.
    pub initial: Duration,
    /// What each wait is multiplied by for the next.
    pub multiplier: f64,
    /// The longest wait.
    pub longest: Duration,
    /// How often in a row.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(250),
            multiplier: 2.0,
            longest: Duration::from_secs(15),
            attempts: 10,
        }
    }
}

/// Counts failures in a row.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0 }
    }

    /// Begins anew, since something arrived.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns what to wait before the next attempt: between half and all of the policy's wait,
    /// and what the server asks for; the error given, once the attempts are used up.
    pub(crate) fn next_delay(&mut self, status: Status) -> Result<Duration, Status> {
        if self.failures >= self.policy.attempts {
            return Err(status);
        }
        // A large power is infinite, which the longest wait then bounds.
        let growth = self.policy.multiplier.powf(f64::from(self.failures));
        self.failures += 1;
        let seconds =
            (self.policy.initial.as_secs_f64() * growth).min(self.policy.longest.as_secs_f64());
        let wait = Duration::from_secs_f64(seconds * rand::random_range(0.5..=1.0));
        Ok(wait + ErrorDetails::from(&status).retry_delay.unwrap_or_default())
    }
}
