// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Balances calls over several servers whose health checks succeed.

use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::transport::channel::Change;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::retrying::{Backoff, RetryPolicy};

const SERVICE: &str = "longtake.v1.VideoService";

/// Returns a channel over the healthy servers. Calls wait while there are none.
pub(crate) fn balance(endpoints: Vec<Endpoint>, checks: &mut JoinSet<()>) -> Channel {
    let (channel, changes) = Channel::balance_channel(endpoints.len());
    for (index, endpoint) in endpoints.into_iter().enumerate() {
        let member = Member { index, endpoint, changes: changes.clone(), serving: false };
        checks.spawn(member.follow());
    }
    channel
}

struct Member {
    index: usize,
    endpoint: Endpoint,
    changes: Sender<Change<usize, Endpoint>>,
    serving: bool,
}

impl Member {
    async fn follow(mut self) {
        let mut health = HealthClient::new(self.endpoint.connect_lazy());
        let mut backoff = Backoff::new(RetryPolicy { attempts: u32::MAX, ..Default::default() });
        loop {
            let Err(status) = self.watch(&mut health, &mut backoff).await;
            // A server without the health service counts as healthy, as gRPC specifies.
            self.set(status.code() == Code::Unimplemented).await;
            match backoff.next_delay(status) {
                Ok(_) if self.serving => return,
                Ok(delay) => sleep(delay).await,
                Err(_) => return,
            }
        }
    }

    async fn watch(
        &mut self,
        health: &mut HealthClient<Channel>,
        backoff: &mut Backoff,
    ) -> Result<std::convert::Infallible, Status> {
        let request = HealthCheckRequest { service: SERVICE.into() };
        let mut answers = health.watch(request).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            backoff.reset();
            self.set(answer.status() == ServingStatus::Serving).await;
        }
        Err(Status::unavailable("the health watch ended"))
    }

    async fn set(&mut self, serving: bool) {
        if serving == self.serving {
            return;
        }
        self.serving = serving;
        let change = match serving {
            true => Change::Insert(self.index, self.endpoint.clone()),
            false => Change::Remove(self.index),
        };
        // This fails once the channel is gone, and then this task ends too.
        let _ = self.changes.send(change).await;
    }
}
