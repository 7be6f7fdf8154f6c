//! The corpus of the fuzz targets with an ordinary toolchain: each input as it is, cut off at every byte, and with
//! every byte replaced by what grammars stumble over.

#![expect(clippy::unwrap_used, reason = "a corpus that cannot be read fails the test")]

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use it as a library")]
mod targets;

use std::path::Path;

/// Bytes that open, close, escape or end something.
const STUMBLING_BLOCKS: &[u8] = b"\"\\]{),. \xff";

fn replay(target: &str, run: fn(&[u8]), inputs_min: usize) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&dir).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        inputs += 1;
        run(&input);
        for i in 0..input.len() {
            run(&input[..i]);
            let mut changed = input.clone();
            for byte in STUMBLING_BLOCKS {
                changed[i] = *byte;
                run(&changed);
            }
        }
    }
    assert!(inputs >= inputs_min, "{inputs} of {inputs_min} inputs in {}", dir.display());
}

#[test]
fn filters_and_paths() {
    replay("filter", targets::filter, 15);
}

#[test]
fn patches() {
    replay("patch", targets::patch, 6);
}

#[test]
fn resources() {
    replay("resource", targets::resource, 5);
}

#[test]
fn bulk_requests() {
    replay("bulk", targets::bulk, 4);
}

#[test]
fn searches() {
    replay("search", targets::search, 4);
}

#[test]
fn every_target_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["bulk", "filter", "patch", "resource", "search"]);
}
