// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Reads the golden messages and converts each encoding to the other:
//! `golden DESCRIPTOR_SET FROM_FOLDER TO_FOLDER`.
//!
//! Prost does not support JSON. prost-reflect adds it to the generated types through the
//! descriptors.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use longtake_client::v1::{GenerateVideosOperation, GenerateVideosRequest};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [descriptors, from, to] = arguments.as_slice() else {
        return Err("usage: golden DESCRIPTOR_SET FROM_FOLDER TO_FOLDER".into());
    };
    let pool = DescriptorPool::decode(fs::read(descriptors)?.as_slice())?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match path.extension().is_some_and(|extension| extension == "binpb") {
            true if name.ends_with("_request") => {
                convert::<GenerateVideosRequest>(&pool, "GenerateVideosRequest", &path, to)?;
            }
            true => {
                convert::<GenerateVideosOperation>(&pool, "GenerateVideosOperation", &path, to)?;
            }
            false => {}
        }
    }
    Ok(())
}

fn convert<M: Message + Default>(
    pool: &DescriptorPool,
    kind: &str,
    path: &Path,
    to: &Path,
) -> Done {
    let full_name = format!("longtake.v1.{kind}");
    let descriptor = pool.get_message_by_name(&full_name).ok_or("no such message")?;
    let of_binary = M::decode(fs::read(path)?.as_slice())?;
    let text = fs::read_to_string(path.with_extension("json"))?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let of_json: M = DynamicMessage::deserialize(descriptor.clone(), &mut json)?.transcode_to()?;

    let mut reflected = DynamicMessage::new(descriptor);
    reflected.transcode_from(&of_binary)?;
    let target = to.join(path.file_name().unwrap_or_default());
    fs::write(&target, of_json.encode_to_vec())?;
    fs::write(target.with_extension("json"), serde_json::to_string(&reflected)?)?;
    Ok(())
}
