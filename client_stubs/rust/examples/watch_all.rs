// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Tells the events of a watch of all operations, one JSON object per line:
//! `watch_all ADDRESS FILTER AFTER_POSITION`.

use std::error::Error;

use longtake_client::{Client, OperationEvent};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, filter, position] = arguments.as_slice() else {
        return Err("usage: watch_all ADDRESS FILTER AFTER_POSITION".into());
    };
    let client = Client::connect(address)?;
    let mut watch = client.watch_all().filter(filter).after_position(position);
    loop {
        let event = watch.event().await?;
        let position = watch.position();
        match event {
            OperationEvent::Changed(operation) => println!(
                "{}",
                json!({
                    "step": "changed",
                    "name": operation.name,
                    "revision": operation.revision,
                    "position": position,
                })
            ),
            OperationEvent::Deleted(name) => {
                println!("{}", json!({"step": "deleted", "name": name, "position": position}));
                return Ok(());
            }
            OperationEvent::InitialSetComplete => {
                println!("{}", json!({"step": "complete", "position": position}));
            }
            OperationEvent::InitialSetRestarted => {
                println!("{}", json!({"step": "restarted", "position": position}));
            }
            _ => {}
        }
    }
}
