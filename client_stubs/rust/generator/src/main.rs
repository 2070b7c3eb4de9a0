// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

//! Generates Rust code from a descriptor set: `longtake-generator DESCRIPTOR_SET FOLDER`.

use std::error::Error;

use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(descriptors), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: longtake-generator DESCRIPTOR_SET FOLDER".into());
    };
    let set = FileDescriptorSet::decode(std::fs::read(descriptors)?.as_slice())?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        // Ordered maps make encodings deterministic.
        .btree_map(".")
        // Rustdoc would take their indented text for doctests.
        .disable_comments([".google"])
        .emit_rerun_if_changed(false)
        .include_file("mod.rs")
        .out_dir(folder)
        .compile_fds(set)?;
    Ok(())
}
