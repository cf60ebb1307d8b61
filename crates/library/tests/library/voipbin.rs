//! The rules of VoIPBIN's API: quotas decided with the commit, and how long a file that went is known.

use crate::fixture::*;
use library::{Error, ReferenceType, Upload, VoipbinFile, VoipbinSide, VoipbinType};
use uuid::Uuid;

const QUOTA: u64 = 10;
const DAY_MS: i64 = 86_400_000;

fn said() -> VoipbinFile {
    VoipbinFile {
        kind: VoipbinType::None,
        name: String::new(),
        detail: String::new(),
        reference_type: ReferenceType::None,
        reference_id: Uuid::nil(),
    }
}

async fn begun(f: &Fixture, bytes: &'static [u8]) -> Result<Upload, Error> {
    let mut upload = f.library.begin_voipbin_upload(&f.admin, VoipbinSide::Customer, QUOTA).await?;
    upload.begin_bytes(Some("a.bin".into()), None);
    upload.write(bytes).await?;
    Ok(upload)
}

#[tokio::test]
async fn of_two_uploads_that_both_had_room_when_they_began_the_first_to_end_stays() {
    let f = fixture().await;
    let (one, two) = (begun(&f, b"1234567").await.unwrap(), begun(&f, b"7654321").await.unwrap());
    let kept = f.library.keep_voipbin_upload(&f.admin, two, said(), QUOTA).await.unwrap();
    let refused = f.library.keep_voipbin_upload(&f.admin, one, said(), QUOTA).await.unwrap_err();
    assert!(matches!(refused, Error::LimitReached { quota: "quota", limit: QUOTA }), "{refused}");
    assert!(is_stored(&f, b"7654321") && !is_stored(&f, b"1234567"));
    assert_eq!(kept.owner_id(), Some(f.admin.token_id));
    assert_eq!(temporary_files(&f).len(), 0);
}

#[tokio::test]
async fn what_is_too_large_for_sure_is_broken_off_while_it_comes() {
    let f = fixture().await;
    let upload = begun(&f, b"1234567").await.unwrap();
    f.library.keep_voipbin_upload(&f.admin, upload, said(), QUOTA).await.unwrap();
    assert!(begun(&f, b"123").await.is_ok());
    let refused = begun(&f, b"1234").await.err().unwrap();
    assert!(matches!(refused, Error::LimitReached { limit: 3, .. }), "{refused}");
}

#[tokio::test]
async fn a_file_that_went_is_known_for_thirty_days() {
    let f = fixture().await;
    let upload = begun(&f, b"x").await.unwrap();
    let row = f.library.keep_voipbin_upload(&f.admin, upload, said(), QUOTA).await.unwrap();
    let id = row.file.file_sid;
    let known = || async { f.library.has_voipbin_file_departed(&f.admin, id).await.unwrap() };
    assert!(!known().await);
    f.library.delete_voipbin_file(&f.admin, id, VoipbinSide::Customer).await.unwrap();
    for (days, is_known) in [(29, true), (2, false)] {
        let older = format!("UPDATE voipbin_departed SET gone_at = gone_at - {}", days * DAY_MS);
        sql(&f, &older);
        f.library.sweep().await.unwrap();
        assert_eq!(known().await, is_known, "{days}");
    }
}
