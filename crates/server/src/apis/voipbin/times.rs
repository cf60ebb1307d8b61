//! Times as VoIPBIN writes them: in the form of its older documents or, by a setting, in that of its newer code.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use std::fmt::{self, Display};
use std::str::FromStr;
use utoipa::ToSchema;

/// The form in which times are written; both are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Times {
    /// `2024-05-27 07:55:16.515315`, in UTC; what has not come is the year 9999.
    #[default]
    Plain,
    /// RFC 3339; what has not come is null.
    Rfc3339,
}

/// What stands for a time that has not come.
const NEVER: &str = "9999-01-01 00:00:00.000000";

impl Times {
    /// A time in Unix milliseconds, if it has come.
    pub fn of(self, ms: Option<i64>) -> Time {
        let time = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let format = match self {
            Self::Plain => "%Y-%m-%d %H:%M:%S.%6f",
            Self::Rfc3339 => "%Y-%m-%dT%H:%M:%S.%6fZ",
        };
        let never = (self == Self::Plain).then(|| NEVER.to_owned());
        Time(time.map(|time| time.strftime(format).to_string()).or(never))
    }
}

/// Microseconds since 1970 of a time in either form.
pub fn read(text: &str) -> Option<i64> {
    let instant = text.parse::<Timestamp>().or_else(|_| {
        let plain = text.parse::<DateTime>()?;
        Ok::<_, jiff::Error>(plain.to_zoned(TimeZone::UTC)?.timestamp())
    });
    Some(instant.ok()?.as_microsecond())
}

/// A time as it is written.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = Option<String>)]
pub struct Time(Option<String>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Rfc3339 => "rfc3339",
        })
    }
}

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::Plain, Self::Rfc3339].into_iter().find(|form| form.to_string() == text);
        found.ok_or_else(|| format!("`{text}`; allowed: plain, rfc3339"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_written_as_the_documents_have_them() {
        let ms = Some(1_716_796_516_515);
        let written = |form: Times, ms| serde_json::to_string(&form.of(ms)).unwrap();
        assert_eq!(written(Times::Plain, ms), r#""2024-05-27 07:55:16.515000""#);
        assert_eq!(written(Times::Plain, None), r#""9999-01-01 00:00:00.000000""#);
        assert_eq!(written(Times::Rfc3339, ms), r#""2024-05-27T07:55:16.515000Z""#);
        assert_eq!(written(Times::Rfc3339, None), "null");
    }

    proptest! {
        #[test]
        fn both_forms_are_read_as_they_were_written(ms in 0..4_102_444_800_000_i64) {
            for form in [Times::Plain, Times::Rfc3339] {
                let Time(text) = form.of(Some(ms));
                prop_assert_eq!(read(&text.unwrap()), Some(ms * 1000));
                prop_assert_eq!(form.to_string().parse(), Ok(form));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*", near in "[0-9]{4}-[0-9]{2}-[0-9T: .Z+]{2,20}") {
            read(&text);
            read(&near);
        }
    }
}
