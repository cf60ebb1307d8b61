//! Containers.

use crate::{Container, Error, Library, Listing, Page, Principal, Role, now_ms};
use serde_json::Map;
use uuid::Uuid;

/// What a caller may say of a new container so far; the rest takes its defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerAttributes {
    /// Label.
    pub name: Option<String>,
    /// Whether its files may be published.
    pub allow_publish: bool,
    /// `publish` of new files.
    pub default_file_publish: String,
    /// Hard limit in bytes; `None` is none.
    pub quota_bytes: Option<u64>,
    /// Hard limit in files; `None` is none.
    pub quota_files: Option<u64>,
}

impl Default for ContainerAttributes {
    fn default() -> Self {
        Self {
            name: None,
            allow_publish: true,
            default_file_publish: "file_sid".into(),
            quota_bytes: Some(1 << 30),
            quota_files: Some(100),
        }
    }
}

pub(crate) fn check_publish(field: &'static str, publish: &str) -> Result<(), Error> {
    match publish {
        "none" | "file_sid" | "file_access_name" => Ok(()),
        other => Err(Error::Invalid {
            field,
            message: format!("{other:?} (allowed: none, file_sid, file_access_name)"),
        }),
    }
}

impl Library {
    /// Makes a container of the caller's partner.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::Invalid`].
    pub async fn create_container(
        &self,
        caller: &Principal,
        attributes: ContainerAttributes,
    ) -> Result<Container, Error> {
        caller.needs(Role::Manager)?;
        check_publish("default_file_publish", &attributes.default_file_publish)?;
        let container = row(caller.partner_sid, attributes);
        self.catalog.insert_container(container.clone()).await?;
        Ok(container)
    }

    /// A container that the caller sees.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn container(
        &self,
        caller: &Principal,
        container_sid: Uuid,
    ) -> Result<Container, Error> {
        let found = self.catalog.container(container_sid).await?;
        found.filter(|c| caller.sees(c.partner_sid)).ok_or(Error::NotFound)
    }

    /// The containers that the caller sees.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn list_containers(
        &self,
        caller: &Principal,
        page: Page,
    ) -> Result<Listing<Container>, Error> {
        Ok(self.catalog.containers(caller.scope(), page).await?)
    }

    /// Bytes and files in a container.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn usage(&self, container_sid: Uuid) -> Result<(u64, u64), Error> {
        Ok(self.catalog.usage(container_sid).await?)
    }
}

fn row(partner_sid: Uuid, attributes: ContainerAttributes) -> Container {
    let now = now_ms();
    Container {
        container_sid: Uuid::new_v4(),
        partner_sid,
        parent_container_sid: None,
        name: attributes.name.unwrap_or_else(|| "N/A".into()),
        kind: "internal".into(),
        allow_publish: attributes.allow_publish,
        allowed_classifications: Vec::new(),
        blocked_classifications: Vec::new(),
        default_file_lifecycle_action: "no_action".into(),
        default_file_lifecycle_ttl: -1,
        default_file_publish: attributes.default_file_publish,
        default_file_threshold_include: true,
        default_file_unique: false,
        durability_class: "unassigned".into(),
        encrypted: false,
        external_attributes: Map::new(),
        publish_domain: None,
        quota_bytes: attributes.quota_bytes,
        quota_files: attributes.quota_files,
        threshold_action: None,
        threshold_bytes: None,
        threshold_files: None,
        threshold_bytes_target: None,
        threshold_files_target: None,
        threshold_grace_period: 0,
        threshold_hit_at: None,
        is_unique: false,
        integer_key_1: None,
        integer_key_2: None,
        string_key_1: None,
        string_key_2: None,
        string_key_3: None,
        string_key_4: None,
        date_created: now,
        date_modified: now,
    }
}
