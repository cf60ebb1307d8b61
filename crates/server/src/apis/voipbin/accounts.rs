//! The calls about accounts.

use super::errors::{ApiError, ErrorBody};
use super::objects::{AccountObject, Page};
use super::parameters::{Paged, Parameters};
use super::{Caller, Id, now_ms};
use crate::apis::storage::{Refusal, Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use http::Uri;
use library::VoipbinAccount;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// The account of the caller's customer.
#[utoipa::path(get, path = "/v1.0/storage_account",
    operation_id = "voipbinGetOwnAccount", tag = "voipbin",
    responses((status = 200, body = AccountObject), (status = "4XX", body = ErrorBody)))]
pub async fn own(
    State(storage): State<Storage>,
    Caller(caller): Caller,
) -> Result<Json<AccountObject>, ApiError> {
    let account = storage.library.voipbin_account(&caller, None).await;
    shown(&storage, &account.map_err(ApiError::of_account)?)
}

/// Lists all accounts, the newest first.
#[utoipa::path(get, path = "/v1.0/storage_accounts",
    operation_id = "voipbinListAccounts", tag = "voipbin", params(Paged),
    responses((status = 200, body = Page<AccountObject>), (status = "4XX", body = ErrorBody)))]
pub async fn list(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    uri: Uri,
) -> Result<Json<Page<AccountObject>>, ApiError> {
    let parameters = Parameters::of(&uri);
    let (start, limit) = (parameters.start(), parameters.page_size());
    let page = storage.library.list_voipbin_accounts(&caller, start, limit).await?;
    let result = page.items.iter().map(|account| object(&storage, account, None)).collect();
    Ok(Json(Page { result, next_page_token: page.next.unwrap_or_default() }))
}

/// Whose account is to be made.
#[derive(ToSchema)]
#[schema(as = VoipbinNewAccount)]
#[allow(dead_code)] // It describes what `create` reads.
pub struct NewAccount {
    /// The customer.
    customer_id: Uuid,
    /// Bytes that its files may have in all; the server's default where it is left out.
    #[schema(minimum = 0)]
    quota: Option<i64>,
}

/// Makes the account of a customer.
#[utoipa::path(post, path = "/v1.0/storage_accounts",
    operation_id = "voipbinCreateAccount", tag = "voipbin", request_body = NewAccount,
    responses((status = 200, body = AccountObject), (status = "4XX", body = ErrorBody)))]
pub async fn create(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    request: Request,
) -> Result<Json<AccountObject>, ApiError> {
    let body = json::object(request).await?;
    let customer_id = match body.get("customer_id") {
        None | Some(Value::Null) => {
            return Err(ApiError::left_out("customer_id", "required: the customer's id"));
        }
        Some(id) => id.as_str().and_then(|id| Uuid::try_parse(id).ok()),
    };
    let customer_id = customer_id.ok_or_else(|| ApiError::bad_id("customer_id"))?;
    let quota = match body.get("quota") {
        None | Some(Value::Null) => None,
        Some(quota) => {
            let quota = quota.as_u64().filter(|bytes| i64::try_from(*bytes).is_ok());
            let wrong = || Refusal::invalid("quota", "must be a whole number of bytes from 0 on");
            Some(quota.ok_or_else(wrong)?)
        }
    };
    let made = storage.library.make_voipbin_account(&caller, customer_id, quota).await;
    let made = made.map_err(|error| match error {
        library::Error::NotFound => ApiError::no_resource("there is no such customer"),
        other => other.into(),
    })?;
    shown(&storage, &made)
}

/// An account.
#[utoipa::path(get, path = "/v1.0/storage_accounts/{id}",
    operation_id = "voipbinGetAccount", tag = "voipbin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountObject), (status = "4XX", body = ErrorBody)))]
pub async fn get(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<AccountObject>, ApiError> {
    let account = storage.library.voipbin_account(&caller, Some(id)).await;
    shown(&storage, &account.map_err(ApiError::of_account)?)
}

/// Deletes the account of a customer that has no files.
#[utoipa::path(delete, path = "/v1.0/storage_accounts/{id}",
    operation_id = "voipbinDeleteAccount", tag = "voipbin",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = AccountObject), (status = "4XX", body = ErrorBody)))]
pub async fn delete(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<AccountObject>, ApiError> {
    let account = storage.library.delete_voipbin_account(&caller, id).await;
    let account = account.map_err(ApiError::of_account)?;
    Ok(Json(object(&storage, &account, Some(now_ms()))))
}

fn shown(storage: &Storage, account: &VoipbinAccount) -> Result<Json<AccountObject>, ApiError> {
    Ok(Json(object(storage, account, None)))
}

fn object(storage: &Storage, account: &VoipbinAccount, deleted_at: Option<i64>) -> AccountObject {
    AccountObject::of(account, deleted_at, &storage.voipbin)
}
