//! Containers.

use crate::rules::is_reached;
use crate::values::{check_container, check_origin};
use crate::{
    Condition, Container, ContainerChanges, Error, Library, LifecycleAction, List, Listing,
    Operator, Order, Principal, Publish, Role, Scope, Start, StorageKind, now_ms,
};
use catalog::is_secret;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a masked secret reads as; sent back, it leaves the secret as it is.
const MASK: &str = "********";

impl Library {
    /// Makes a container of the caller's partner, or of the one that an administrator names.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::Invalid`], [`Error::Conflict`] (its keys).
    pub async fn create_container(
        &self,
        caller: &Principal,
        changes: ContainerChanges,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Create, Role::Manager)?;
        check_owner(caller, &changes)?;
        let mut container = default_row(caller.partner_sid);
        changes.apply(&mut container);
        settle_domain(&mut container, None, self.public_url())?;
        check_container(&container)?;
        self.check_parent(caller, container.parent_container_sid).await?;
        self.catalog.insert_container(container.clone()).await?;
        Ok(container)
    }

    /// A container that the caller sees.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn container(
        &self,
        caller: &Principal,
        container_sid: Uuid,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        self.seen_container(caller, container_sid).await
    }

    pub(crate) async fn seen_container(
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
    /// [`Error::Forbidden`], [`Error::Invalid`] (what is listed).
    pub async fn list_containers(
        &self,
        caller: &Principal,
        wanted: List,
    ) -> Result<Listing<Container>, Error> {
        caller.needs(Scope::Read, Role::Read)?;
        Ok(self.catalog.containers(caller.partner(), wanted).await?)
    }

    /// The container of the caller's own partner that has this name, for those who would put a file there.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none, or more than one.
    pub async fn container_named(&self, caller: &Principal, name: &str) -> Result<Uuid, Error> {
        let condition = Condition {
            attribute: "name".into(),
            operator: Operator::Equal,
            values: vec![name.into()],
        };
        let wanted = List {
            conditions: vec![condition],
            order: Order::Arrival,
            start: Start::Offset(0),
            limit: 2,
        };
        let found = self.catalog.containers(Some(caller.partner_sid), wanted).await?.items;
        match found.as_slice() {
            [container] => Ok(container.container_sid),
            [] => {
                Err(Error::invalid("container_sid", "must be the sid or the name of a container"))
            }
            _ => {
                let message = format!("several containers are named `{name}`; use a sid");
                Err(Error::invalid("container_sid", message))
            }
        }
    }

    /// Changes a container; `anew` sets what is not said to its default.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::Invalid`],
    /// [`Error::Conflict`] (its keys).
    pub async fn change_container(
        &self,
        caller: &Principal,
        container_sid: Uuid,
        changes: ContainerChanges,
        anew: bool,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        self.seen_container(caller, container_sid).await?;
        check_owner(caller, &changes)?;
        self.check_parent(caller, changes.parent_container_sid.flatten()).await?;
        let public_url = self.public_url().to_owned();
        let edit = move |row: &mut Container| {
            let kept = row.clone();
            if anew {
                *row = Container {
                    container_sid,
                    date_created: kept.date_created,
                    threshold_hit_at: kept.threshold_hit_at,
                    threshold_total_bytes: kept.threshold_total_bytes,
                    threshold_total_files: kept.threshold_total_files,
                    total_bytes: kept.total_bytes,
                    total_files: kept.total_files,
                    ..default_row(kept.partner_sid)
                };
            }
            changes.apply(row);
            unmask(&mut row.external_attributes, &kept.external_attributes);
            settle_domain(row, kept.publish_domain.as_deref(), &public_url)?;
            row.date_modified = now_ms();
            let counted = (row.threshold_total_bytes, row.threshold_total_files);
            // A threshold that is set below the usage is reached from now on.
            row.threshold_hit_at =
                is_reached(row, counted).then(|| row.threshold_hit_at.unwrap_or(row.date_modified));
            check_container(row)
        };
        self.catalog.change_container(container_sid, edit).await
    }

    /// Deletes a container that holds no files.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::NotEmpty`].
    pub async fn delete_container(
        &self,
        caller: &Principal,
        container_sid: Uuid,
    ) -> Result<(), Error> {
        caller.needs(Scope::Delete, Role::Manager)?;
        self.seen_container(caller, container_sid).await?;
        Ok(self.catalog.delete_container(container_sid).await?)
    }

    async fn check_parent(&self, caller: &Principal, parent: Option<Uuid>) -> Result<(), Error> {
        let Some(parent) = parent else { return Ok(()) };
        match self.seen_container(caller, parent).await {
            Err(Error::NotFound) => {
                Err(Error::invalid("parent_container_sid", "container not found"))
            }
            found => found.map(|_| ()),
        }
    }
}

/// Only an administrator gives a container, with its files, to another partner.
fn check_owner(caller: &Principal, changes: &ContainerChanges) -> Result<(), Error> {
    if changes.partner_sid.is_none_or(|partner| caller.sees(partner)) {
        return Ok(());
    }
    Err(Error::invalid("partner_sid", "must be your own; an administrator may name any partner"))
}

/// Where a container names no origin, clients are shown the server's, and send it back: that must not fix its links
/// to what the server's is today. Only another than the one `kept` must be an origin.
fn settle_domain(row: &mut Container, kept: Option<&str>, public_url: &str) -> Result<(), Error> {
    row.publish_domain.take_if(|domain| domain == public_url);
    let new = row.publish_domain.as_deref().filter(|domain| Some(*domain) != kept);
    new.map_or(Ok(()), check_origin)
}

/// The attributes with their secrets hidden, at any depth.
#[must_use]
pub fn masked(attributes: &Map<String, Value>) -> Map<String, Value> {
    let mask = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::Null => Value::Null,
            _ if is_secret(key) => Value::String(MASK.into()),
            other => masked_within(other),
        };
        (key.clone(), value)
    };
    attributes.iter().map(mask).collect()
}

fn masked_within(value: &Value) -> Value {
    match value {
        Value::Object(inner) => Value::Object(masked(inner)),
        Value::Array(items) => Value::Array(items.iter().map(masked_within).collect()),
        other => other.clone(),
    }
}

/// Clients send back what they were given: a masked secret stays what it was.
fn unmask(attributes: &mut Map<String, Value>, kept: &Map<String, Value>) {
    for (key, value) in attributes {
        match kept.get(key) {
            Some(secret) if is_secret(key) && value == MASK => *value = secret.clone(),
            Some(kept) => unmask_within(value, kept),
            None => {}
        }
    }
}

/// Items of a list are known by their place.
fn unmask_within(value: &mut Value, kept: &Value) {
    match (value, kept) {
        (Value::Object(inner), Value::Object(kept)) => unmask(inner, kept),
        (Value::Array(items), Value::Array(kept)) => {
            items.iter_mut().zip(kept).for_each(|(item, kept)| unmask_within(item, kept));
        }
        _ => {}
    }
}

pub(crate) fn default_row(partner_sid: Uuid) -> Container {
    let now = now_ms();
    Container {
        container_sid: Uuid::new_v4(),
        partner_sid,
        parent_container_sid: None,
        name: "N/A".into(),
        kind: StorageKind::Internal,
        allow_publish: true,
        allowed_classifications: Vec::new(),
        blocked_classifications: Vec::new(),
        default_file_lifecycle_action: LifecycleAction::NoAction,
        default_file_lifecycle_ttl: -1,
        default_file_publish: Publish::FileSid,
        default_file_threshold_include: true,
        default_file_unique: false,
        durability_class: "unassigned".into(),
        encrypted: false,
        external_attributes: Map::new(),
        publish_domain: None,
        quota_bytes: Some(1 << 30),
        quota_files: Some(100),
        threshold_action: None,
        threshold_bytes: None,
        threshold_files: None,
        threshold_bytes_target: None,
        threshold_files_target: None,
        threshold_grace_period: 0,
        threshold_hit_at: None,
        threshold_total_bytes: 0,
        threshold_total_files: 0,
        total_bytes: 0,
        total_files: 0,
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
