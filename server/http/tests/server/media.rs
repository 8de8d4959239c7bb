//! Media and project files: uploaded, shown, listed, and gone with their run.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

const GIF: &str = "GIF89a, and then a picture";

/// Uploads a file; what a call names it by.
fn upload(server: &TestServer, name: &str, text: &str) -> Value {
    let form = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"files\"; filename=\"x\"\r\n\r\n{text}\r\n--edge--\r\n"
    );
    let bearer = format!("Bearer {}", server.token);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "multipart/form-data; boundary=edge")];
    let answer = server.post_with("/api/upload", &form, &headers);
    json!({ "path": answer.json()["paths"][0], "orig_name": name, "meta": { "_type": "gradio.FileData" } })
}

fn call(server: &TestServer, name: &str, arguments: Value) -> Answer {
    server.post(&format!("/api/{name}"), &json!({ "kwargs": arguments }).to_string())
}

fn put(server: &TestServer, place: Value, name: &str, text: &str) -> Answer {
    let mut entry = json!({ "project": "p", "run": null, "step": null, "relative_path": null });
    entry.as_object_mut().expect("an object").extend(place.as_object().expect("an object").clone());
    entry["uploaded_file"] = upload(server, name, text);
    call(server, "bulk_upload_media", json!({ "uploads": [entry], "hf_token": null }))
}

fn log_image(server: &TestServer, run: &str, file: &str) {
    let stored = put(server, json!({ "run": run, "step": 0 }), file, GIF);
    assert_eq!((stored.status, stored.json()), (200, json!({ "data": null })));
    let image =
        json!({ "_type": "trackio.image", "file_path": format!("p/{run}/0/{file}"), "caption": null });
    let row = json!({ "project": "p", "run": run, "run_id": format!("id-{run}"), "metrics": { "image": image }, "step": 0 });
    assert_eq!(call(server, "bulk_log", json!({ "logs": [row], "hf_token": null })).status, 200);
}

/// As the peer's page asks for it: below the `media_dir` of the settings.
fn absolute(server: &TestServer, path: &str) -> String {
    format!("/file?path={}/media/{path}", server.directory().display())
}

#[test]
fn media_of_a_run_are_shown_where_the_row_says() {
    let server = TestServer::start();
    log_image(&server, "r", "a.gif");
    for address in [absolute(&server, "p/r/0/a.gif"), "/api/v1/projects/p/media?file_path=p/r/0/a.gif".into()]
    {
        let answer = server.get(&address);
        assert_eq!((answer.status, answer.text.as_str()), (200, GIF), "{address}");
        assert_eq!(answer.header("content-type"), "image/gif");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-length"), GIF.len().to_string());
        let tag = answer.header("etag").to_owned();
        assert_eq!(server.get_with(&address, &[("if-none-match", &tag)]).status, 304);
        let part = server.get_with(&address, &[("range", "bytes=3-5")]);
        assert_eq!((part.status, part.text.as_str()), (206, "89a"));
        assert_eq!(part.header("content-range"), format!("bytes 3-5/{}", GIF.len()));
        assert_eq!(server.get_with(&address, &[("range", "bytes=3-5"), ("if-range", "\"old\"")]).status, 200);
        assert_eq!(server.get_with(&address, &[("range", "bytes=999-")]).text, GIF);
    }
}

#[test]
fn a_large_file_comes_whole() {
    let server = TestServer::start();
    let text: String = (0..300_000).map(|number| format!("{number:07}\n")).collect();
    put(&server, json!({}), "long.txt", &text);
    let answer = server.get(&absolute(&server, "p/files/long.txt"));
    assert_eq!(answer.text.len(), text.len());
    assert!(answer.text == text);
}

#[test]
fn project_files_are_listed_under_the_names_they_were_saved_with() {
    let server = TestServer::start();
    log_image(&server, "r", "a.gif");
    for (folder, name) in [
        (json!("."), "b.txt"),
        (json!("models"), "m.bin"),
        (json!("src/x.py"), "x.py"),
        (json!(null), "d.txt"),
    ] {
        assert_eq!(put(&server, json!({ "relative_path": folder }), name, "text").status, 200);
    }
    let listed = call(&server, "get_project_files", json!({ "project": "p" })).json()["data"].clone();
    let names: Vec<&str> =
        listed.as_array().expect("a list").iter().filter_map(|file| file["name"].as_str()).collect();
    assert_eq!(names, ["b.txt", "d.txt", "models/m.bin", "src/x.py"]);
    assert_eq!(listed[0]["size"], 4);
    let path = listed[2]["path"].as_str().expect("a path");
    assert_eq!(server.get(&format!("/file?path={path}")).text, "text");
    let ours = server.get("/api/v1/projects/p/files").json();
    assert_eq!(
        ours["files"][2],
        json!({ "name": "models/m.bin", "file_path": "p/files/models/m.bin", "size_bytes": 4 })
    );
    assert_eq!(server.get("/api/v1/projects/none/files").status, 404);
    assert_eq!(
        call(&server, "get_project_files", json!({ "project": "none" })).json(),
        json!({ "data": [] })
    );
}

#[test]
fn nothing_a_browser_would_run_comes_as_what_it_is() {
    let server = TestServer::start();
    for (name, text) in [
        ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.xml", "<?xml version='1.0'?><a/>"),
        ("a.js", "alert(1)"),
        ("a.png", "<html><script>alert(1)</script>"),
    ] {
        put(&server, json!({}), name, text);
        let answer = server.get(&absolute(&server, &format!("p/files/{name}")));
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-type"), "application/octet-stream", "{name}");
        assert!(answer.header("content-disposition").starts_with("attachment"), "{name}");
        assert!(answer.header("content-security-policy").starts_with("sandbox;"), "{name}");
        assert_kept_alike(&server, &format!("p/files/{name}"), &answer);
    }
    put(&server, json!({ "run": "r", "step": 0 }), "page.html", "<script>alert(1)</script>");
    let page = server.get(&absolute(&server, "p/r/0/page.html"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("sandbox allow-scripts allow-downloads; default-src 'none'"), "{policy}");
    assert!(!policy.contains("same-origin") && !policy.contains("connect-src"), "{policy}");
    assert_kept_alike(&server, "p/r/0/page.html", &page);
}

/// A browser that has the file already is told the same of it: it puts these headers in the place of those it kept.
fn assert_kept_alike(server: &TestServer, path: &str, first: &Answer) {
    let again = server.get_with(&absolute(server, path), &[("If-None-Match", first.header("etag"))]);
    assert_eq!(again.status, 304, "{path}");
    for header in ["content-security-policy", "content-disposition", "cache-control"] {
        assert_eq!(again.header(header), first.header(header), "{header} of {path}");
    }
}

#[test]
fn nothing_outside_the_media_is_there() {
    let server = TestServer::start();
    log_image(&server, "r", "a.gif");
    let media = server.directory().join("media");
    symlink("/etc", media.join("p/link")).expect("it is made");
    let root = media.display().to_string();
    let paths = [
        "/etc/hostname",
        "etc/hostname",
        "",
        "/",
        "p/r/0/a.gif",
        &root,
        &format!("{root}/"),
        &format!("{root}/../p.db"),
        &format!("{root}/p/../../p.db"),
        &format!("{root}//etc/hostname"),
        &format!("{root}/p/link/hostname"),
        &format!("{root}/p/r"),
        &format!("{root}x/p/r/0/a.gif"),
        &format!("{root}/%2e%2e/p.db"),
        &format!("{root}/%252e%252e/p.db"),
        &format!("{root}/..%2fp.db"),
        &format!("{root}/p%00"),
        &format!("{root}/..%5cp.db"),
        &format!("{root}/p/r/0/a.gif/"),
        &format!("file://{root}/p/r/0/a.gif"),
    ]
    .map(str::to_owned);
    for path in &paths {
        assert_eq!(server.get(&format!("/file?path={path}")).status, 404, "{path}");
    }
    assert_eq!(server.get("/file").status, 400);
    for path in ["../p.db", "q/r/0/a.gif", "p/../../p.db", "p", "p/link/hostname", "/etc/hostname"] {
        assert_eq!(server.get(&format!("/api/v1/projects/p/media?file_path={path}")).status, 404, "{path}");
    }
    for (place, name) in [
        (json!({ "run": ".." }), "x"),
        (json!({ "run": "../../up" }), "x"),
        (json!({ "relative_path": "../../.." }), "x"),
        (json!({ "relative_path": "/etc" }), "x"),
        (json!({ "relative_path": "p/link" }), "x.txt"),
        (json!({}), ".."),
        (json!({}), "a/.."),
        (json!({}), "nul"),
        (json!({}), ""),
    ] {
        let answer = put(&server, place.clone(), name, "evil");
        assert!(matches!(answer.status, 400 | 200), "{place} {name}: {}", answer.text);
        if answer.status == 200 {
            assert!(media.join("p/files/p/link/x.txt").is_file(), "{place} {name}");
        }
    }
    assert!(!std::path::Path::new("/etc/x").exists());
}

#[test]
fn runs_are_renamed_and_deleted_with_their_media() {
    let server = TestServer::start();
    for run in ["a", "b"] {
        log_image(&server, run, &format!("{run}.gif"));
    }
    let rename = |new: &str| {
        call(
            &server,
            "rename_run",
            json!({ "project": "p", "old_name": "a", "new_name": new, "run_id": "id-a" }),
        )
    };
    assert_eq!((rename("b").status, rename("b").json()["code"].clone()), (409, json!("name_taken")));
    assert_eq!(rename(" ").status, 400);
    assert_eq!(rename("..").status, 400);
    assert_eq!(rename("c").json(), json!({ "data": true }));
    assert_eq!(server.get(&absolute(&server, "p/c/0/a.gif")).status, 200);
    assert_eq!(
        server.get("/api/v1/projects/p/runs/c/logs").json()["items"][0]["metrics"]["image"]["file_path"],
        "p/c/0/a.gif"
    );
    let missing = call(&server, "rename_run", json!({ "project": "p", "old_name": "x", "new_name": "y" }));
    assert_eq!(missing.status, 404);

    let delete = |run: &str| call(&server, "delete_run", json!({ "project": "p", "run": run })).json();
    assert_eq!(delete("c"), json!({ "data": true }));
    assert_eq!(delete("c"), json!({ "data": false }));
    assert_eq!(server.get(&absolute(&server, "p/c/0/a.gif")).status, 404);
    assert_eq!(server.get(&absolute(&server, "p/b/0/b.gif")).status, 200);
    assert_eq!(server.get("/api/v1/projects/p/runs/c").status, 404);
    for (name, body) in [("delete_run", json!({ "project": "p", "run": "b" })), ("force_sync", json!({}))] {
        assert_eq!(server.post_with(&format!("/api/{name}"), &body.to_string(), &[]).status, 401, "{name}");
    }
    assert_eq!(call(&server, "force_sync", json!({})).json(), json!({ "data": false }));
}

#[test]
fn an_uploaded_project_replaces_the_one_that_was_there() {
    let (server, elsewhere) = (TestServer::start(), TestServer::start());
    log_image(&elsewhere, "new", "n.gif");
    log_image(&server, "old", "o.gif");
    let refused = upload(&server, "p.db", "no database");
    let replace = |file: Value| {
        call(&server, "upload_db_to_space", json!({ "project": "p", "uploaded_db": file, "hf_token": null }))
    };
    let answer = replace(refused);
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (400, json!("invalid_request")),
        "{}",
        answer.text
    );
    let used = json!({ "path": "upload-0", "orig_name": "p.db" });
    assert_eq!(replace(used).status, 400);
    assert_eq!(server.get("/api/v1/projects/p/runs").json()["runs"][0]["run"], "old");
    assert!(fs::metadata(server.directory().join(".paceline/replaced")).is_err());
}
