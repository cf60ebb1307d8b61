//! The library through its public operations.
#![allow(clippy::unwrap_used)]

mod external;
mod fixture;
mod remote;
#[path = "../../../blob/tests/s3/mod.rs"]
mod s3;
mod stored;
mod voipbin;

use blob::Local;
use catalog::Catalog;
use fixture::*;
use library::{
    Arrival, Beside, Change, Coming, Config, ContainerChanges, Error, File, Grant, Known, Library,
    List, Order, Principal, Publish, Rest, Role, Start, masked,
};
use serde_json::{Map, Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn the_first_start_makes_a_private_admin_token_once() {
    let f = fixture().await;
    let path = f.dir.path().join("admin.token");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let token = fs::read_to_string(path).unwrap();
    assert_eq!(f.library.authenticate(token.trim()).await.unwrap(), f.admin);
    assert!(f.library.bootstrap().await.unwrap().is_none());
    assert_eq!(f.library.container(&f.admin, f.container).await.unwrap().quota.bytes, None);
}

#[tokio::test]
async fn a_first_start_that_cannot_write_its_token_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(dir.path().join("catalog.sqlite")).unwrap();
    let blobs = Local::open(dir.path()).unwrap();
    let config = Config::looking(dir.path(), "http://x");
    let library = Library::open(catalog, blobs, config);
    let path = dir.path().join("admin.token");
    fs::create_dir(&path).unwrap();
    assert!(library.bootstrap().await.is_err());
    fs::remove_dir(&path).unwrap();
    let welcome = library.bootstrap().await.unwrap().expect("a welcome");
    assert_eq!(fs::read_to_string(path).unwrap().trim(), welcome.token);
    let admin = library.authenticate(&welcome.token).await.unwrap();
    library.container(&admin, welcome.container_sid).await.unwrap();
}

#[tokio::test]
async fn uploads_that_became_files_keep_no_others_out_however_many_they_are() {
    let f = fixture().await;
    for n in 0..3000 {
        let upload = f.library.begin_upload(&f.admin).await.unwrap();
        let open = f.library.open_upload(&f.admin, upload, 5, 100, "").await;
        let mut turn = open.unwrap_or_else(|e| panic!("{n}: {e}")).turn().await;
        assert!(turn.coming.take().is_some());
        *turn.coming = Coming::Whole(Uuid::new_v4());
    }
}

#[tokio::test]
async fn a_file_comes_from_one_that_its_uploader_sees() {
    let f = fixture().await;
    let parent = put(&f, "parent", b"parent").await.unwrap();
    let token = f.library.create_token("other", Grant::of(Role::Manager)).await.unwrap();
    let other = f.library.authenticate(&token.secret).await.unwrap();
    let container = f.library.create_container(&other, ContainerChanges::default()).await.unwrap();
    let upload = async |caller: &Principal, container: Uuid, parent: Uuid| {
        let mut upload = f.library.begin_upload(caller).await.unwrap();
        let sids = [("container_sid", json!(container)), ("parent_file_sid", json!(parent))];
        upload.say(said(&sids));
        upload.write(&b"child"[..]).await.unwrap();
        upload.finish(Beside::Nothing).await
    };
    let refused = |done: Result<File, Error>| match done {
        Err(Error::Invalid { field, .. }) => assert_eq!(field, "parent_file_sid"),
        other => panic!("{other:?}"),
    };
    for sid in [Uuid::new_v4(), parent.file_sid] {
        refused(upload(&other, container.container_sid, sid).await);
    }
    let child = upload(&f.admin, f.container, parent.file_sid).await.unwrap();
    let change = async |sid: Uuid| {
        let change = Change::attributes(said(&[("parent_file_sid", json!(sid))]));
        f.library.change_file(&f.admin, child.file_sid, change).await
    };
    refused(change(Uuid::new_v4()).await);
    // It is sent back as it was shown, its parent gone meanwhile.
    f.library.delete_file(&f.admin, parent.file_sid).await.unwrap();
    assert_eq!(change(parent.file_sid).await.unwrap().parent_file_sid, Some(parent.file_sid));
}

#[tokio::test]
async fn partners_and_roles_are_kept_apart() {
    let f = fixture().await;
    let file = put(&f, "a", b"x").await.unwrap();
    let token = f.library.create_token("other", Grant::of(Role::Manager)).await.unwrap();
    let other = f.library.authenticate(&token.secret).await.unwrap();
    assert!(matches!(f.library.file(&other, file.file_sid).await, Err(Error::NotFound)));
    assert!(matches!(f.library.delete_file(&other, file.file_sid).await, Err(Error::NotFound)));
    let wanted =
        List { conditions: vec![], order: Order::Arrival, start: Start::Offset(0), limit: 10 };
    assert_eq!(f.library.list_files(&other, wanted).await.unwrap().total, 0);
    let reader = Principal { role: Role::Read, ..f.admin };
    let made = f.library.create_container(&reader, ContainerChanges::default()).await;
    assert!(matches!(made, Err(Error::Forbidden)));
    f.library.revoke_token(token.token_id, false).await.unwrap();
    assert!(matches!(f.library.authenticate(&token.secret).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_token_ends_and_its_files_stay() {
    let f = fixture().await;
    let made = async |life| {
        let grant = Grant { life: Some(life), ..Grant::of(Role::Agent) };
        f.library.create_token("default", grant).await.unwrap()
    };
    let (ended, lives) = (made(Duration::ZERO).await, made(Duration::from_secs(3600)).await);
    assert!(matches!(f.library.authenticate(&ended.secret).await, Err(Error::Unauthenticated)));
    let caller = f.library.authenticate(&lives.secret).await.unwrap();
    let mut upload = f.library.begin_upload(&caller).await.unwrap();
    upload.say(said(&[("container_sid", json!(f.container))]));
    let file = upload.finish(Beside::Nothing).await.unwrap();
    let kept = f.library.file(&f.admin, file.file_sid).await.unwrap();
    assert_eq!(kept.created_by, Some(lives.token_id));
    let listed =
        async || f.library.list_tokens().await.unwrap().into_iter().map(|(t, _)| t.token_id);
    assert!(listed().await.any(|id| id == ended.token_id));
    f.library.sweep().await.unwrap();
    assert!(!listed().await.any(|id| id == ended.token_id), "nobody removed it");
    assert!(listed().await.any(|id| id == lives.token_id));
}

#[tokio::test]
async fn nobody_lends_more_than_it_has() {
    let f = fixture().await;
    let caller = async |role| {
        let token = f.library.create_token("acme", Grant::of(role)).await.unwrap();
        f.library.authenticate(&token.secret).await.unwrap()
    };
    let (manager, agent) = (caller(Role::Manager).await, caller(Role::Agent).await);
    let life = Duration::from_secs(3600);
    let lent = f.library.lend_token(&manager, Role::Agent, life).await.unwrap();
    let lent = f.library.authenticate(&lent.secret).await.unwrap();
    assert_eq!((lent.role, lent.partner_sid), (Role::Agent, manager.partner_sid));
    for (lender, role) in [(&manager, Role::Admin), (&agent, Role::Read), (&agent, Role::Agent)] {
        let refused = f.library.lend_token(lender, role, life).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{:?} lent {role}", lender.role);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_of_an_api_is_made_once_by_whoever_comes_first() {
    let f = fixture().await;
    let token = f.library.create_token("acme", Grant::of(Role::Agent)).await.unwrap();
    let agent = f.library.authenticate(&token.secret).await.unwrap();
    let asked = (0..16).map(|_| {
        let library = f.library.clone();
        tokio::spawn(async move {
            library
                .container_of_api(&agent, agent.partner_sid, "voxbone", Publish::None)
                .await
                .unwrap()
        })
    });
    let mut sids = Vec::new();
    for answer in asked.collect::<Vec<_>>() {
        let container = answer.await.unwrap();
        assert_eq!((container.quota.bytes, container.quota.files), (None, None));
        assert_eq!(container.default_file.publish, Publish::None);
        sids.push(container.container_sid);
    }
    sids.dedup();
    assert_eq!(sids.len(), 1);
    let foreign = f.admin.partner_sid;
    let refused = f.library.container_of_api(&agent, foreign, "voxbone", Publish::None).await;
    assert!(matches!(refused, Err(Error::NotFound)));
}

#[tokio::test]
async fn an_unchanged_file_is_not_imported_twice() {
    let f = fixture().await;
    let path = f.dir.path().join("prompt.txt");
    fs::write(&path, "one").unwrap();
    let import = async |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let source = fs::File::open(path).unwrap();
        let known = Known::ByName(name.into());
        let import = f.library.begin_import(&f.admin, known, source, f.container).await.unwrap();
        (import.arrival, import.finish().await.unwrap())
    };
    let (first, again) = (import(&path).await, import(&path).await);
    assert_eq!((first.0, again.0), (Arrival::New, Arrival::Same));
    assert_eq!(first.1.file_sid, again.1.file_sid);
    fs::write(&path, "two").unwrap();
    assert_eq!(import(&path).await.0, Arrival::New);
    // Raw audio is what its name says.
    for name in ["prompt.ulaw", "prompt.alaw"] {
        let path = f.dir.path().join(name);
        fs::write(&path, "one").unwrap();
        for arrival in [Arrival::New, Arrival::Same] {
            let (found, file) = import(&path).await;
            assert_eq!(found, arrival, "{name}");
            assert_eq!(stored(&f, &file).await, b"one");
        }
    }
}

#[tokio::test]
async fn what_changes_while_it_is_brought_in_is_refused_and_kept_once_it_rests() {
    let f = fixture().await;
    let path = f.dir.path().join("1.txt");
    let begin = async || {
        let source = fs::File::open(&path).unwrap();
        let known = Known::ByPath { path: "en/1.txt".into(), name: "1.txt".into() };
        f.library.begin_import(&f.admin, known, source, f.container).await.unwrap()
    };
    fs::write(&path, "one").unwrap();
    let first = begin().await.finish().await.unwrap();
    assert_eq!(first.file_access_name, "en/1.txt");
    fs::write(&path, "two").unwrap();
    let import = begin().await;
    fs::write(&path, "three").unwrap();
    assert!(matches!(import.finish().await, Err(Error::Invalid { .. })));
    assert_eq!(stored(&f, &first).await, b"one");
    let import = begin().await;
    assert_eq!(import.arrival, Arrival::Changed);
    let changed = import.finish().await.unwrap();
    assert_eq!((changed.file_sid, stored(&f, &changed).await), (first.file_sid, b"three".to_vec()));
}

#[tokio::test]
async fn the_date_of_a_link_goes_by_its_file_alone_and_never_back() {
    let f = fixture().await;
    let stored_at = async |file: &File| {
        let resource = f.catalog.resource_by_sid(file.file_sid).await.unwrap().unwrap();
        assert_eq!(resource.stored_at_ms, file.content_stored_at);
        file.content_stored_at
    };
    let first = stored_at(&put(&f, "first", b"one").await.unwrap()).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    // Nobody learns when somebody else stored the same.
    let other = put(&f, "other", b"one").await.unwrap();
    let mut last = stored_at(&other).await;
    assert!(last > first);
    put(&f, "third", b"two").await.unwrap();
    // Back and forth between what is stored already, all within a second.
    for bytes in [&b"two"[..], b"one", b"two"] {
        let replaced = replace(&f, other.file_sid, bytes).await.unwrap();
        let date = stored_at(&replaced).await;
        assert!(date / 1000 > last / 1000, "{date} after {last}");
        last = date;
    }
    let same = replace(&f, other.file_sid, b"two").await.unwrap();
    assert_eq!(stored_at(&same).await, last, "it has what it had");
}

#[tokio::test]
async fn what_is_kept_of_a_masked_secret_is_the_secret() {
    let f = fixture().await;
    let given = json!({"s3": {"bucket": "b", "secret": "hush"}, "token": ["hush"], "password": null,
        "several": [{"bucket": "b", "password": "hush"}, [{"token": "hush"}], "********"]});
    let given = given.as_object().unwrap();
    let changes =
        |attributes: &Map<String, Value>| said(&[("external_attributes", json!(attributes))]);
    let made = f.library.create_container(&f.admin, changes(given)).await.unwrap();
    let shown = masked(&made.external_attributes);
    assert!(!json!(shown).to_string().contains("hush"), "{shown:?}");
    for rest in [Rest::Stays, Rest::TakesDefaults] {
        let sid = made.container_sid;
        f.library.change_container(&f.admin, sid, changes(&shown), rest).await.unwrap();
        let kept = f.catalog.container(sid).await.unwrap().unwrap();
        assert_eq!(&kept.external_attributes, given);
    }
}

#[tokio::test]
async fn a_container_that_is_sent_back_as_it_was_shown_keeps_no_origin_of_its_own() {
    for public_url in ["https://media.example.com", "http://media_1:8080/audio"] {
        let f = fixture_at(public_url).await;
        let domain = |domain: &str| said(&[("publish_domain", json!(domain))]);
        let made = f.library.create_container(&f.admin, domain(public_url)).await.unwrap();
        assert_eq!(made.publish_domain, None);
        let change =
            |changes, rest| f.library.change_container(&f.admin, made.container_sid, changes, rest);
        for rest in [Rest::Stays, Rest::TakesDefaults] {
            let shown = change(domain(public_url), rest).await.unwrap();
            assert_eq!(shown.publish_domain, None);
        }
        // Its own stays, and goes by the server's again once that is sent.
        for other in ["https://cdn.example.com"; 2] {
            let own = change(domain(other), Rest::TakesDefaults).await.unwrap();
            assert_eq!(own.publish_domain.as_deref(), Some(other));
        }
        for wrong in ["http://other_host", "http://host/path", "javascript:alert(1)"] {
            let refused = change(domain(wrong), Rest::Stays).await;
            assert!(matches!(refused, Err(Error::Invalid { .. })), "{wrong}");
        }
        assert_eq!(change(domain(public_url), Rest::Stays).await.unwrap().publish_domain, None);
    }
}
