// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Runs the conformance steps and prints one JSON object per line:
//! `conformance ADDRESS OUT_FILE`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use longtake_client::v1::generate_videos_operation::Result as Outcome;
use longtake_client::v1::*;
use longtake_client::{Client, ErrorDetails};
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;

const MODEL: &str = "veo-3.1-lite-generate-001";

type Done<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: conformance ADDRESS OUT_FILE".into());
    };
    let client = Client::connect(address)?;
    invalid(&client).await?;
    let name = generated(&client).await?;
    let last = watched(&client, &name).await?;
    downloaded(&client, last, Path::new(&path)).await?;
    listed(&client, &name).await?;
    cancelled(&client).await?;
    deadline(&client, &name).await;
    client_cancelled(&client).await
}

fn request(prompt: &str) -> GenerateVideosRequest {
    let config = GenerateVideosConfig { duration_seconds: Some(4), ..Default::default() };
    GenerateVideosRequest {
        model: MODEL.into(),
        prompt: prompt.into(),
        config: Some(config),
        ..Default::default()
    }
}

async fn invalid(client: &Client) -> Done {
    let mut request = request("x");
    request.config = Some(GenerateVideosConfig {
        duration_seconds: Some(5),
        aspect_ratio: Some("1:1".into()),
        ..Default::default()
    });
    let status = client.generate_videos(request).await.err().ok_or("it was accepted")?;
    let error = ErrorDetails::from(&status);
    let violations: Vec<Value> = error
        .violations
        .iter()
        .map(|violation| json!({"field": violation.field, "description": violation.description}))
        .collect();
    tell(json!({
        "step": "invalid",
        "code": error.code_name(),
        "reason": error.reason,
        "violations": violations,
    }));
    Ok(())
}

async fn generated(client: &Client) -> Done<String> {
    let mut request = request("conformance");
    request.request_id = Uuid::new_v4().to_string();
    let mut name = String::new();
    for _ in 0..2 {
        name = client.generate_videos(request.clone()).await?.name;
        tell(json!({"step": "generated", "name": name, "request_id": request.request_id}));
    }
    Ok(name)
}

async fn watched(client: &Client, name: &str) -> Done<GenerateVideosOperation> {
    let (mut revisions, mut states, mut last) = (Vec::new(), Vec::new(), None);
    let mut watch = client.watch(name);
    while let Some(state) = watch.message().await? {
        if revisions.is_empty() {
            tell(json!({"step": "watching", "revision": state.revision}));
        }
        revisions.push(state.revision);
        states.push(state_name(&state));
        last = Some(state);
    }
    let last = last.ok_or("the watch brought nothing")?;
    tell(json!({
        "step": "watched",
        "revisions": revisions,
        "states": states,
        "reconnects": watch.reconnects(),
        "done": last.done,
    }));
    Ok(last)
}

async fn downloaded(client: &Client, operation: GenerateVideosOperation, path: &Path) -> Done {
    let Some(Outcome::Response(response)) = operation.result else {
        return Err("the generation failed".into());
    };
    let video = response.generated_videos.first().ok_or("the generation made no video")?;
    let whole = client.download(video, path).await?;
    tell(json!({"step": "downloaded", "size": whole.size_bytes, "sha256": whole.sha256}));
    Ok(())
}

async fn listed(client: &Client, name: &str) -> Done {
    let request = ListOperationsRequest { filter: "done = true".into(), ..Default::default() };
    let page = client.list_operations(request).await?;
    let found = page.operations.iter().any(|operation| operation.name == name);
    tell(json!({"step": "listed", "found": found}));
    Ok(())
}

async fn cancelled(client: &Client) -> Done {
    let name = client.generate_videos(request("cancel me [sim:never]")).await?.name;
    client.cancel_operation(CancelOperationRequest { name: name.clone() }).await?;
    let ended = client.wait(name).await?;
    let reason = match &ended.result {
        Some(Outcome::Error(status)) => ErrorDetails::from(status).reason,
        _ => String::new(),
    };
    tell(json!({"step": "cancelled", "state": state_name(&ended), "reason": reason}));
    Ok(())
}

async fn deadline(client: &Client, name: &str) {
    let hurried = client.with_timeout(Duration::from_millis(1));
    let mut code = "OK";
    for _ in 0..100 {
        let request = GetOperationRequest { name: name.into(), ..Default::default() };
        if let Err(status) = hurried.get_operation(request).await {
            code = ErrorDetails::from(&status).code_name();
            break;
        }
    }
    tell(json!({"step": "deadline", "code": code}));
}

async fn client_cancelled(client: &Client) -> Done {
    let request = WatchOperationsRequest::default();
    let mut changes = client.service().watch_operations(request).await?.into_inner();
    changes.message().await?;
    // In Rust, dropping a call cancels it. Here, aborting the task that awaits it drops it.
    let task = tokio::spawn(async move {
        while changes.message().await?.is_some() {}
        Ok::<(), Status>(())
    });
    task.abort();
    let code = match task.await {
        Err(ended) if ended.is_cancelled() => "CANCELLED",
        _ => "OK",
    };
    tell(json!({"step": "client_cancelled", "code": code}));
    Ok(())
}

fn state_name(operation: &GenerateVideosOperation) -> &'static str {
    let metadata = operation.metadata.as_ref();
    metadata.map_or("", |metadata| metadata.state().as_str_name())
}

fn tell(step: Value) {
    println!("{step}");
}
