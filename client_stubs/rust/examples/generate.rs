// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Generates a video: `cargo run --example generate -- "A paper boat sails" boat.mp4`.
//! LONGTAKE_ADDRESS names the server.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use longtake_client::v1::generate_videos_operation::Result as Outcome;
use longtake_client::v1::{GenerateVideosConfig, GenerateVideosOperation, GenerateVideosRequest};
use longtake_client::{Client, ErrorDetails};
use tonic::Status;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(prompt), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: generate PROMPT OUT.mp4".into());
    };
    let client = Client::builder().connect()?;
    let operation = match generated(&client, prompt).await {
        Ok(operation) => operation,
        Err(status) => return Ok(tell(&ErrorDetails::from(&status))),
    };
    match operation.result {
        Some(Outcome::Error(status)) => return Ok(tell(&ErrorDetails::from(&status))),
        Some(Outcome::Response(response)) => {
            let video = response.generated_videos.first().ok_or("the video was withheld")?;
            let whole = client.download(video, Path::new(&path)).await?;
            println!("{path}: {} bytes, SHA-256 {}", whole.size_bytes, whole.sha256);
        }
        None => return Err("the operation ended without an outcome".into()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn generated(client: &Client, prompt: String) -> Result<GenerateVideosOperation, Status> {
    let request = GenerateVideosRequest {
        model: "veo-3.1-fast-generate-001".into(),
        prompt,
        config: Some(GenerateVideosConfig { duration_seconds: Some(4), ..Default::default() }),
        ..Default::default()
    };
    let mut operation = client.generate_videos(request).await?;
    let mut watch = client.watch(&operation.name);
    while let Some(state) = watch.message().await? {
        operation = state;
        let metadata = operation.metadata.clone().unwrap_or_default();
        println!("{} {}", operation.name, metadata.state().as_str_name());
    }
    Ok(operation)
}

fn tell(error: &ErrorDetails) -> ExitCode {
    eprintln!("{} {}: {}", error.code_name(), error.reason, error.message);
    for violation in &error.violations {
        eprintln!("  {}: {}", violation.field, violation.description);
    }
    ExitCode::FAILURE
}
