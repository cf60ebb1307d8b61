//! What holds of every bucket, whosever it is.
#![allow(clippy::unwrap_used)]

use blob::{Draft, Leftover, Local, ObjectName, Remote, Store, StoreError, Stores};
use futures_util::TryStreamExt;
use std::ops::Range;
use std::sync::Mutex;

const MIB: usize = 1 << 20;

/// Bytes that tell their place.
fn bytes(length: usize) -> Vec<u8> {
    (0..length as u32).map(|n| (n / 4).to_le_bytes()[n as usize % 4]).collect()
}

struct House {
    _dir: tempfile::TempDir,
    local: Local,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { local: Local::open(dir.path()).unwrap(), _dir: dir }
    }

    fn draft(&self, bytes: &[u8]) -> Draft {
        let mut draft = self.local.begin().unwrap();
        draft.write(bytes).unwrap();
        draft
    }

    async fn put(&self, store: &Store, bytes: &[u8]) -> (ObjectName, Option<String>) {
        let draft = self.draft(bytes);
        let name = ObjectName::fresh(draft.hash()).unwrap();
        let e_tag = store.put(name, draft, async |_| Ok(())).await.unwrap();
        (name, e_tag)
    }
}

async fn read(
    remote: &Remote,
    name: &ObjectName,
    range: Range<u64>,
    length: usize,
    e_tag: Option<String>,
) -> Result<Vec<u8>, StoreError> {
    let pieces: Vec<_> =
        remote.read(name, range, length as u64, e_tag).await?.try_collect().await?;
    Ok(pieces.concat())
}

fn leftover(name: ObjectName) -> Leftover {
    Leftover { name, upload: None }
}

/// What holds of every bucket.
pub async fn conforms(bucket: &Remote) {
    let house = House::new();
    bucket.check().await.unwrap();
    let store = Stores::remote(house.local.clone(), bucket.clone()).own().clone();
    for length in [1, (128 << 10) - 1, 128 << 10, (128 << 10) + 1, 16 * MIB, 16 * MIB + 1] {
        let given = bytes(length);
        let (name, e_tag) = house.put(&store, &given).await;
        let all = 0..length as u64;
        assert!(e_tag.is_some(), "{length}: no ETag");
        assert!(
            read(bucket, &name, all.clone(), length, e_tag.clone()).await.unwrap() == given,
            "{length}"
        );
        for range in
            [0..1, length as u64 - 1..length as u64, length as u64 / 3..length as u64 / 2 + 1]
        {
            let part = read(bucket, &name, range.clone(), length, e_tag.clone()).await.unwrap();
            assert!(part == given[range.start as usize..range.end as usize], "{length}: {range:?}");
        }
        let other = read(bucket, &name, all.clone(), length, Some("\"other\"".into())).await;
        assert!(matches!(other, Err(StoreError::Changed)), "{length}: {other:?}");
        for _ in 0..2 {
            assert_eq!(store.remove(vec![leftover(name)]).await.unwrap(), [], "{length}");
        }
        let gone = read(bucket, &name, all.clone(), length, None).await;
        assert!(matches!(gone, Err(StoreError::Missing)), "{length}: {gone:?}");
        // A condition on what is not there fails (RFC 9110 §13.1.1), so a store may tell either.
        let gone = read(bucket, &name, all, length, e_tag).await;
        assert!(
            matches!(gone, Err(StoreError::Missing | StoreError::Changed)),
            "{length}: {gone:?}"
        );
    }
    an_upload_that_was_begun_goes(bucket).await;
}

/// An upload in parts that broke off leaves nothing once its leftover is removed.
async fn an_upload_that_was_begun_goes(bucket: &Remote) {
    let house = House::new();
    let store = Stores::remote(house.local.clone(), bucket.clone()).own().clone();
    let draft = house.draft(&bytes(17 * MIB));
    let name = ObjectName::fresh(draft.hash()).unwrap();
    let begun = Mutex::new(None);
    let failed = store
        .put(name, draft, async |upload| {
            *begun.lock().unwrap() = Some(upload);
            Err(StoreError::Unavailable("the catalog is away".into()))
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    let upload = begun.into_inner().unwrap();
    assert!(upload.is_some());
    let kept = store.remove(vec![Leftover { name, upload }]).await.unwrap();
    assert_eq!(kept, []);
}
