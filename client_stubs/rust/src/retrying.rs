// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Delays between attempts of a call or a stream, and when to give up.

use std::time::Duration;

use tonic::Status;

use crate::errors::ErrorDetails;

/// A retry policy. The default is that of watches and downloads, which give up after about a minute
/// without a message.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// The first delay.
    pub initial: Duration,
    /// The factor between consecutive delays.
    pub multiplier: f64,
    /// The longest delay.
    pub longest: Duration,
    /// The number of consecutive attempts.
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

/// Counts consecutive failures.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: RetryPolicy,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0 }
    }

    /// Resets the count after progress.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Whether nothing has failed since the last progress.
    pub(crate) fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// Returns the delay before the next attempt: between half and all of the policy's delay,
    /// plus what the server asks for. Returns the given error once the attempts are used up.
    pub(crate) fn next_delay(&mut self, status: Status) -> Result<Duration, Status> {
        if self.failures >= self.policy.attempts {
            return Err(status);
        }
        // The power may overflow to infinity, which the longest delay limits.
        let growth = self.policy.multiplier.powf(f64::from(self.failures));
        self.failures += 1;
        let seconds =
            (self.policy.initial.as_secs_f64() * growth).min(self.policy.longest.as_secs_f64());
        let wait = Duration::from_secs_f64(seconds * rand::random_range(0.5..=1.0));
        Ok(wait + ErrorDetails::from(&status).retry_delay.unwrap_or_default())
    }
}
