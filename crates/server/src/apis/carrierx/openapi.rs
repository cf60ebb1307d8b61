//! The description of the API, made from its code.

use super::objects::{ContainerObject, ErrorBody, FileObject};
use super::{containers, files, sign, upload};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tonearm storage API", description = "Containers and files, by the CarrierX storage API."),
    paths(
        containers::create, containers::list, containers::get, containers::patch, containers::put,
        containers::delete, upload::create, upload::create_named, files::list, files::get, files::patch, files::put,
        files::delete, files::data, sign::sign
    ),
    components(schemas(ContainerObject, FileObject, ErrorBody, sign::SignRequest, sign::SignedLink)),
    modifiers(&Finish)
)]
pub struct Description;

struct Finish;

impl Modify for Finish {
    fn modify(&self, api: &mut Document) {
        let Some(components) = api.components.as_mut() else { return };
        // The same object goes in and out: no attribute must be sent, and fields can be left out.
        for name in ["Container", "File"] {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
                object.required.clear();
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}
