//! The description of the API, made from its code.

use super::errors::ErrorBody;
use super::objects::{ProfileObject, RecordingForm, RecordingObject};
use super::{data, profiles, recordings};
use crate::apis::storage::openapi::describe_also_at;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{Required, schema};
use utoipa::{OpenApi, openapi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Voxbone recording API"),
    tags((name = "voxbone", description = "Profiles and recordings, by the Voxbone recording API.")),
    paths(
        profiles::list,
        profiles::create,
        profiles::get,
        profiles::change,
        profiles::delete,
        recordings::list,
        recordings::create,
        recordings::get,
        recordings::change,
        recordings::delete,
        data::get,
        data::put
    ),
    components(schemas(ProfileObject, RecordingObject, RecordingForm, ErrorBody))
)]
struct Description;

/// The calls about recordings are the same for those of a profile, which the path says.
pub fn describe() -> openapi::OpenApi {
    let mut described = Description::openapi();
    let id = schema::ObjectBuilder::new()
        .schema_type(schema::Type::String)
        .format(Some(schema::SchemaFormat::KnownFormat(schema::KnownFormat::Uuid)));
    let profile = ParameterBuilder::new()
        .name("profile_id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(id))
        .build();
    for path in ["/recordings", "/recordings/{id}"] {
        let other = format!("/profiles/{{profile_id}}{path}");
        describe_also_at(&mut described, path, &other, "OfProfile");
        let Some(calls) = described.paths.paths.get_mut(&other) else { continue };
        let all = [&mut calls.get, &mut calls.put, &mut calls.post, &mut calls.delete];
        for call in all.into_iter().flatten() {
            call.parameters.get_or_insert_default().push(profile.clone().into());
        }
    }
    described
}
