//! One store: what comes in through one API is there for the others.

use super::*;

#[test]
fn a_file_is_the_same_through_every_api() {
    let api = Api::start();
    let ours = api.file("FileName=a.bin&CustomerId=c");
    let id = text(&ours["id"]);
    let other = format!("/core/v2/storage/files/{id}");
    let theirs = api.json(&other);
    assert_eq!(theirs["file_sid"], ours["id"]);
    assert_eq!(theirs["name"], ours["fileName"]);
    assert_eq!(theirs["partner_sid"], ours["accountId"]);
    assert_eq!(theirs["file_bytes"], ours["contentLength"]);
    assert_eq!(theirs["mime_type"], ours["contentType"]);
    assert_eq!(theirs["date_modified"], ours["dateLastModified"]);
    assert_eq!(theirs["publish_uri"], ours["uri"]);
    let third = api.json(&format!("/v1.0/storage_files/{id}"));
    assert_eq!((&third["id"], &third["filename"]), (&ours["id"], &ours["fileName"]));
    assert_eq!(
        (&third["filesize"], &third["customer_id"]),
        (&ours["contentLength"], &ours["accountId"])
    );
    let moved =
        api.send(&api.manager, "PATCH", &other, &json!({"name": "b.bin", "publish": "none"}));
    assert_eq!(moved.status, 200);
    let ours = api.json(&format!("/files/{id}"));
    assert_eq!((&ours["fileName"], &ours["customerId"]), (&json!("b.bin"), &json!("c")));
    assert_eq!(ours["dateLastModified"], moved.json()["date_modified"]);
    // What is not published is shown by a link that is signed.
    let link = path_of(&ours["uri"]);
    assert!(link.contains("exp=") && link.contains("sig="), "{link}");
    assert_eq!(api.server.get(&link).body, b"x");
    assert_eq!(api.server.get(&format!("/f/{id}")).status, 404);
    assert_eq!(api.request("DELETE", &format!("/files/{id}")).send().status, 204);
    assert_eq!(api.get(&other).status, 404);
    assert_eq!(api.get(&format!("/v1.0/storage_files/{id}")).status, 404);
}

#[test]
fn what_came_in_elsewhere_is_an_upload_of_which_nothing_is_said() {
    let api = Api::start();
    let container =
        api.send(&api.manager, "POST", "/core/v2/storage/containers", &json!({"name": "box"}));
    let sid = text(&container.json()["container_sid"]);
    let put = api
        .request("PUT", &format!("/core/v2/storage/upload/x.bin?container_sid={sid}"))
        .body(b"x")
        .send();
    let id = text(&put.json()["file_sid"]);
    assert_eq!(api.ids("/files"), [id.as_str()]);
    assert_eq!(api.ids("/files?Type=Upload"), [id.as_str()]);
    let file = api.json(&format!("/files/{id}"));
    assert_eq!((&file["type"], &file["fileName"]), (&json!("Upload"), &json!("x.bin")));
    assert_eq!(api.json("/app/files")["files"][0]["id"], id, "the same token made it");
    api.request("DELETE", &format!("/core/v2/storage/files/{id}")).send();
    assert_eq!(api.ids("/files"), [""; 0]);
}

#[test]
fn an_api_that_is_off_is_not_there() {
    let api = Api::start_with(&["--apis", "carrierx"]);
    for path in ["/files", "/app/files", "/portal/files", "/auth/token", "/auth"] {
        assert_eq!(api.get(path).status, 404, "{path}");
    }
}
