//! Containers.

use crate::changes::to_defaults;
use crate::link_base::LinkBase;
use crate::rules::is_reached;
use crate::values::{check_container, check_origin};
use crate::{
    Condition, Container, ContainerChanges, Error, Library, Limits, List, Listing, Operator, Order,
    Principal, Publish, Rest, Role, Scope, Start, StorageKind, Usage, now_ms,
};
use blob::Bucket;
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
        mut changes: ContainerChanges,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Create, Role::Manager)?;
        self.seal(&mut changes)?;
        check_owner(caller, &changes)?;
        let mut container = Container::new(caller.partner_sid, now_ms());
        changes.apply(&mut container);
        settle_domain(&mut container, None, &self.link_base())?;
        check_container(&container)?;
        self.check_parent(caller, container.parent_container_sid).await?;
        self.try_bucket(&container).await?;
        self.catalog.insert_container(container.clone()).await?;
        Ok(container)
    }

    /// What all containers hold together.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn usage(&self) -> Result<Usage, Error> {
        Ok(self.catalog.usage().await?)
    }

    /// What those partners hold that hold most, as many as are asked for.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn largest_partners(&self, count: u32) -> Result<Vec<(Uuid, Usage)>, Error> {
        Ok(self.catalog.largest_partners(count).await?)
    }

    /// The container that the uploads of one API go to: the partner's oldest of this name, made without quotas where
    /// there is none.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below agent, [`Error::NotFound`] (the partner).
    pub async fn container_of_api(
        &self,
        caller: &Principal,
        partner_sid: Uuid,
        name: &str,
        publish: Publish,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Create, Role::Agent)?;
        if !caller.sees(partner_sid) {
            return Err(Error::NotFound);
        }
        let mut container = Container::new(partner_sid, now_ms());
        name.clone_into(&mut container.name);
        container.quota = Limits::default();
        container.default_file.publish = publish;
        Ok(self.catalog.first_container_named(container).await?)
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
        let _turn = self.catalog.turn(caller.token_id).await?;
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

    /// Changes a container.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::NotFound`], [`Error::Invalid`],
    /// [`Error::Conflict`] (its keys).
    pub async fn change_container(
        &self,
        caller: &Principal,
        container_sid: Uuid,
        mut changes: ContainerChanges,
        rest: Rest,
    ) -> Result<Container, Error> {
        caller.needs(Scope::Update, Role::Manager)?;
        let seen = self.seen_container(caller, container_sid).await?;
        self.seal(&mut changes)?;
        check_owner(caller, &changes)?;
        // A client sends back what it was given, also where the parent is gone since.
        let parent = changes.values().parent_container_sid;
        self.check_parent(caller, parent.filter(|sid| seen.parent_container_sid != Some(*sid)))
            .await?;
        let (base, library) = (self.link_base(), self.clone());
        let edit = move |row: &mut Container| {
            let kept = row.clone();
            if rest == Rest::TakesDefaults {
                to_defaults(row, &Container::new(kept.partner_sid, kept.date_created));
            }
            changes.apply(row);
            unmask(&mut row.external_attributes, &kept.external_attributes);
            settle_domain(row, kept.publish_domain.as_deref(), &base)?;
            row.date_modified = now_ms();
            // A threshold that is set below the usage is reached from now on.
            let hit_at = row.threshold.hit_at.unwrap_or(row.date_modified);
            row.threshold.hit_at =
                is_reached(&row.threshold, row.threshold.usage).then_some(hit_at);
            library.check_bucket(&kept, row)?;
            check_container(row)
        };
        let mut previewed = seen.clone();
        edit.clone()(&mut previewed)?;
        if home_settings(&previewed) != home_settings(&seen) {
            self.try_bucket(&previewed).await?;
        }
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
        let container = self.seen_container(caller, container_sid).await?;
        if container.usage.files == 0 {
            self.clear_all(&container).await?;
        }
        Ok(self.catalog.delete_container(container_sid).await?)
    }

    /// Seals the secrets that a caller says; one that is sent back masked stays so.
    fn seal(&self, changes: &mut ContainerChanges) -> Result<(), Error> {
        let said = changes.get("external_attributes", |row| row.external_attributes.clone());
        let Some(mut attributes) = said else { return Ok(()) };
        self.stores.seal(&mut attributes, |key, value| is_secret(key) && value != MASK)?;
        changes.put("external_attributes", |row| row.external_attributes = attributes);
        Ok(())
    }

    /// Files stay where they are, so while there are any another bucket can't take the place of theirs; other keys to
    /// it can.
    fn check_bucket(&self, old: &Container, new: &Container) -> Result<(), Error> {
        if old.usage.files == 0 || home_settings(old) == home_settings(new) {
            return Ok(());
        }
        // What was sealed by a key that is lost is no place either.
        let place = |bucket: Option<Bucket>| bucket.map(|bucket| bucket.place());
        let (old, new) = (self.bucket(old).map(place), self.bucket(new).map(place)?);
        match old.is_ok_and(|old| old == new) {
            true => Ok(()),
            false => {
                let message = "can't become another bucket while the container holds files";
                Err(Error::invalid("external_attributes", message))
            }
        }
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

/// What tells where a container's files lie, and by which keys.
fn home_settings(container: &Container) -> (StorageKind, &Map<String, Value>) {
    (container.kind, &container.external_attributes)
}

/// Only an administrator gives a container, with its files, to another partner.
fn check_owner(caller: &Principal, changes: &ContainerChanges) -> Result<(), Error> {
    let partner = changes.get("partner_sid", |container| container.partner_sid);
    if partner.is_none_or(|partner| caller.sees(partner)) {
        return Ok(());
    }
    Err(Error::invalid("partner_sid", "must be your own; an administrator may name any partner"))
}

/// Where a container names no origin, clients are shown the server's, and send it back: that must not fix its links
/// to what the server's is today. Only another than the one `kept` must be an origin.
fn settle_domain(row: &mut Container, kept: Option<&str>, base: &LinkBase) -> Result<(), Error> {
    row.publish_domain.take_if(|domain| domain == base.as_str());
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
