//! One behaviour on every store: what real servers of S3, Azure and Google make of the same calls. The
//! servers are those of `scripts/setup`, each started here on ports and a folder of its own.
#![allow(clippy::unwrap_used)]

mod bucket;
mod servers;

use blob::{Bucket, Remote, StoreError};
use bucket::conforms;
use serde_json::{Map, Value};
use servers::{Azurite, Gcs, SeaweedFs, Server};

fn remote(kind: &str, attributes: &Map<String, Value>) -> Remote {
    Bucket::external(kind, attributes).unwrap().unwrap().open().unwrap()
}

fn opened(server: &impl Server) -> Remote {
    remote(server.kind(), &server.attributes())
}

/// Wrong settings are told from a store that is away.
async fn wrong_settings_are_refused(server: &impl Server) {
    for (key, value) in server.wrong() {
        let mut attributes = server.attributes();
        attributes.insert(key.into(), value);
        let refused = remote(server.kind(), &attributes).check().await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{key}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_as_seaweedfs_speaks_it() {
    let server = SeaweedFs::start().await;
    conforms(&opened(&server)).await;
    wrong_settings_are_refused(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_as_azurite_speaks_it() {
    let server = Azurite::start().await;
    conforms(&opened(&server)).await;
    wrong_settings_are_refused(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_as_moto_speaks_it() {
    let server = Gcs::start().await;
    conforms(&opened(&server)).await;
}
