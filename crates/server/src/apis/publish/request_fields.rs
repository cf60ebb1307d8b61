//! The headers of a request that decide what is answered.

use http::header::{self, HeaderMap, HeaderName};
use semantics::RequestHeaders;
use std::borrow::Cow;

/// The request headers that count, repeated ones joined (RFC 9110 §5.3).
#[derive(Default)]
pub struct Fields<'a>([Option<Cow<'a, str>>; 6]);

impl<'a> Fields<'a> {
    const NAMES: [HeaderName; 6] = [
        header::IF_MATCH,
        header::IF_UNMODIFIED_SINCE,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::RANGE,
        header::IF_RANGE,
    ];

    /// Those of a request.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let Some(place) = Self::NAMES.iter().position(|counts| counts == name) else {
                continue;
            };
            let Ok(value) = value.to_str() else { continue };
            let field = &mut fields.0[place];
            *field = Some(match field.take() {
                None => Cow::Borrowed(value),
                Some(before) => Cow::Owned(format!("{before}, {value}")),
            });
        }
        fields
    }

    /// As the preconditions are judged by.
    pub fn borrowed(&self) -> RequestHeaders<'_> {
        let [if_match, if_unmodified_since, if_none_match, if_modified_since, range, if_range] =
            self.0.each_ref().map(Option::as_deref);
        RequestHeaders {
            if_match,
            if_unmodified_since,
            if_none_match,
            if_modified_since,
            range,
            if_range,
        }
    }
}
