//! An order of a certificate (RFC 8555 §7.4): each name is shown to be ours, then the authority signs.

use super::certificate;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use server::Tls;
use std::error::Error;
use std::time::Duration;

/// How long an authority may take to look, and to sign.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(3));

/// A certificate with its chain, and its key behind it, in PEM.
pub async fn certificate(
    account: &Account,
    names: &[String],
    challenges: &[ChallengeType],
    tls: &Tls,
) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let identifiers: Vec<_> = names.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    prove(&mut order, challenges, tls).await?;
    if order.poll_ready(&PATIENCE).await? != OrderStatus::Ready {
        return Err(refusal(&mut order).await.into());
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(format!("{chain}\n{key}").into_bytes())
}

/// Has the proofs ready that the authority is to look at, and says so.
async fn prove(
    order: &mut Order,
    challenges: &[ChallengeType],
    tls: &Tls,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let offered: Vec<_> = authorization.challenges.iter().map(|c| c.r#type.clone()).collect();
        let chosen = challenges.iter().find(|kind| offered.contains(kind)).cloned();
        let Some(mut challenge) = chosen.and_then(|kind| authorization.challenge(kind)) else {
            return Err("the authority asks for other proofs than HTTP-01 and TLS-ALPN-01".into());
        };
        let name = challenge.identifier().to_string();
        let proof = challenge.key_authorization();
        match challenge.r#type {
            ChallengeType::Http01 => tls.challenges().answer(&challenge.token, proof.as_str()),
            _ => {
                let (shown, key) = certificate::proof(&name, proof.digest().as_ref())?;
                tls.challenges().show(&name, shown, key)?;
            }
        }
        challenge.set_ready().await?;
    }
    Ok(())
}

/// What the authority found at the names.
async fn refusal(order: &mut Order) -> String {
    let mut told = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let errors = authorization.challenges.iter().filter_map(|c| c.error.as_ref());
        told.extend(errors.map(|error| format!("{name}: {error}")));
    }
    match told.is_empty() {
        true => "the authority refused the order without a reason".into(),
        false => told.join("; "),
    }
}
