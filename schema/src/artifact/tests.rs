//! The rules of names and manifests, by example and by property.

use proptest::prelude::*;

use super::*;

fn file(path: &str) -> ManifestEntry {
    ManifestEntry { path: path.into(), digest: "0".repeat(64), size: 1, reference: None }
}

fn refused(paths: &[&str]) -> String {
    Manifest::new(paths.iter().map(|path| file(path)).collect()).expect_err("refused").to_string()
}

#[test]
fn names_and_aliases() {
    for name in ["a", "model-v2", "A.b_c-9", "v1", "..."] {
        check_artifact_name(name).expect(name);
    }
    for name in ["", "a b", "a/b", "ä", "a\n", "a\0"] {
        let error = check_artifact_name(name).expect_err(name).to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
    for alias in ["best", "v", "v1a", "V1", "latest"] {
        check_alias(alias).expect(alias);
    }
    for alias in ["v0", "v123", "", "a b"] {
        check_alias(alias).expect_err(alias);
    }
    assert_eq!(version_of_spec("v12"), Some(12));
    assert_eq!(version_of_spec("v99999999999999999999"), Some(i64::MAX));
    assert_eq!(version_of_spec("v+1"), None);
}

#[test]
fn paths_inside_an_artifact() {
    for path in ["a", "a/b.txt", "...", "a/.hidden", "ä/ö", "ab:c", "1:x"] {
        check_logical_path(path).expect(path);
    }
    for path in
        ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\0", "C:x", "c:/x", "a/./b", "a/.."]
    {
        check_logical_path(path).expect_err(path);
    }
}

#[test]
fn paths_beside_each_other() {
    assert!(refused(&["a", "a"]).contains("twice"));
    for paths in [["a", "a/b"], ["a/b/c", "a/b"], ["a/b/c/d", "a"]] {
        assert!(refused(&paths).contains("folder"), "{paths:?}");
    }
    assert!(refused(&[]).contains("at least one"));
    let manifest = Manifest::new(["b", "a/c", "a.b", "a/b", "ab"].map(file).into()).expect("it fits");
    let paths: Vec<&str> = manifest.entries().iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["a.b", "a/b", "a/c", "ab", "b"]);
}

#[test]
fn blobs_and_references() {
    for digest in ["", "../../etc/passwd", &"A".repeat(64), &"0".repeat(63), &"g".repeat(64)] {
        BlobDigest::new(digest).expect_err(digest);
    }
    for uri in ["https://x/y", "s3://b/k", "file:///a", "hf+x:y"] {
        check_reference(uri).expect(uri);
    }
    for uri in ["", "no scheme", "x", "1://x", "https://a b", "https://a\0", "://x"] {
        check_reference(uri).expect_err(uri);
    }
    let reference =
        ManifestEntry { digest: "etag".into(), reference: Some("https://x/y".into()), ..file("r") };
    let manifest = Manifest::new(vec![reference, file("f")]).expect("it fits");
    assert_eq!((manifest.blobs().len(), manifest.size_bytes()), (1, 2));
    let text = String::from_utf8(manifest.digest_text()).expect("JSON");
    let zeros = "0".repeat(64);
    assert_eq!(
        text,
        format!(
            r#"[{{"digest":"{zeros}","path":"f","size":1}},{{"digest":"etag","path":"r","ref":"https://x/y","size":1}}]"#
        )
    );
    Manifest::new(vec![ManifestEntry { size: u64::MAX, ..file("f") }]).expect_err("too large");
}

proptest! {
    /// What is accepted can be joined to a folder and stays in it.
    #[test]
    fn an_accepted_path_stays_inside(path in "[a./\\\\:\0C]{0,12}") {
        if check_logical_path(&path).is_ok() {
            let components: Vec<_> = std::path::Path::new(&path).components().collect();
            prop_assert!(!components.is_empty());
            prop_assert!(components.iter().all(|part| matches!(part, std::path::Component::Normal(_))));
            prop_assert_eq!(components.len(), path.split('/').count());
        }
    }

    /// What is accepted can be laid out as files, and the order it came in does not matter.
    #[test]
    fn an_accepted_manifest_can_be_laid_out(paths in proptest::collection::vec("[ab](/[ab]){0,3}", 1..6)) {
        let entries: Vec<_> = paths.iter().map(|path| file(path)).collect();
        let reversed = Manifest::new(entries.iter().rev().cloned().collect());
        let manifest = Manifest::new(entries);
        prop_assert_eq!(manifest.is_ok(), reversed.is_ok());
        let below = |a: &str, b: &str| a == b || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('/'));
        let collide = paths.iter().enumerate().any(|(position, a)| {
            paths.iter().enumerate().any(|(other, b)| position != other && below(a, b))
        });
        prop_assert_eq!(manifest.is_err(), collide);
        if let (Ok(manifest), Ok(reversed)) = (manifest, reversed) {
            prop_assert_eq!(manifest.digest_text(), reversed.digest_text());
        }
    }
}
