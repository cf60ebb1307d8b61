//! What plain HTTP is answered where the server speaks HTTPS: the same URL there, and the proofs that a certificate
//! authority asks for.

use crate::Config;
use crate::body::Body;
use crate::connection::host;
use crate::problem::Problem;
use crate::respond;
use http::uri::Authority;
use http::{Request, Response};

/// The port that URLs of HTTPS don't name.
const HTTPS_PORT: u16 = 443;

/// Longest place that is led to: no header line of ours has more than 1000 bytes, and no link of ours is as long.
const MAX_LOCATION_BYTES: usize = 980;

/// The answer to any request.
pub fn answer<B>(request: &Request<B>, config: &Config) -> Response<Body> {
    if !host::is_said(request) {
        return respond::problem(&Problem::NoHost);
    }
    let challenges = config.tls.as_ref().map(|tls| tls.challenges());
    if let Some(proof) = challenges.and_then(|all| all.answered(request.uri().path())) {
        return respond::proof(proof);
    }
    let Ok(authority) = host::of(request).parse::<Authority>() else {
        return respond::problem(&Problem::NoHost);
    };
    // `OPTIONS *` asks for no path.
    let path = request.uri().path_and_query().map(|path| path.as_str());
    let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
    let location = match config.https_port {
        HTTPS_PORT => format!("https://{}{path}", authority.host()),
        port => format!("https://{}:{port}{path}", authority.host()),
    };
    match location.parse() {
        Ok(place) if location.len() <= MAX_LOCATION_BYTES => respond::moved(place),
        _ => respond::problem(&Problem::NotFound),
    }
}
