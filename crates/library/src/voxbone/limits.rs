//! What the fields of profiles and recordings may be.

use crate::{Error, Profile, Recording};

/// Longest text, in characters.
const TEXT_MAX: usize = 255;

/// Longest name of a format, in characters.
const FORMAT_MAX: usize = 12;

/// The largest number of eleven digits: seconds between two beeps.
const BEEP_INTERVAL_MAX: i64 = 99_999_999_999;

pub fn check_profile(profile: &Profile) -> Result<(), Error> {
    if let Some(email) = &profile.email {
        check_text("email", email)?;
        check_address("email", email)?;
    }
    profile.remote_sip_uri.as_ref().map_or(Ok(()), |uri| check_text("remoteSipUri", uri))?;
    check_format("recordFormat", &profile.record_format)?;
    if !(0..=BEEP_INTERVAL_MAX).contains(&profile.record_beep_interval) {
        let message = format!("must be a whole number of seconds from 0 to {BEEP_INTERVAL_MAX}");
        return Err(Error::invalid("recordBeepInterval", message));
    }
    Ok(())
}

pub fn check_recording(recording: &Recording) -> Result<(), Error> {
    for (field, text) in [
        ("remoteSipUri", &recording.remote_sip_uri),
        ("callId", &recording.call_id),
        ("from", &recording.caller),
        ("to", &recording.callee),
    ] {
        text.as_ref().map_or(Ok(()), |text| check_text(field, text))?;
    }
    check_format("format", &recording.format)?;
    let seconds = recording.duration;
    if seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
        return Err(Error::invalid("duration", "must be seconds, 0 or more, or null"));
    }
    Ok(())
}

fn check_text(field: &str, text: &str) -> Result<(), Error> {
    if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
        let message =
            format!("must be a text of at most {TEXT_MAX} characters without control characters");
        return Err(Error::invalid(field, message));
    }
    Ok(())
}

/// A name that Asterisk may know: which these are depends on its modules.
fn check_format(field: &str, format: &str) -> Result<(), Error> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let is_name = (1..=FORMAT_MAX).contains(&format.len()) && format.bytes().all(is_plain);
    if is_name {
        return Ok(());
    }
    let message = format!(
        "must be the name of a format, such as wav: 1 to {FORMAT_MAX} letters, digits, `-` and `_`"
    );
    Err(Error::invalid(field, message))
}

/// One address (RFC 5321 §4.1.2, without quoted names), which may be put into a header as it is.
fn check_address(field: &str, address: &str) -> Result<(), Error> {
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    let is_name = |name: &str| {
        (1..=64).contains(&name.len())
            && name.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match address.split_once('@') {
        Some((name, domain)) if is_name(name) && domain.split('.').all(is_label) => Ok(()),
        _ => Err(Error::invalid(
            field,
            "must be one address such as joe@example.com, in ASCII, without a display name",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_nothing_else() {
        let is_one = |address: &str| check_address("email", address).is_ok();
        for good in ["joe@example.com", "a.b+c@mail.example", "root@localhost", "x@[::1]"] {
            assert_eq!(is_one(good), !good.contains('['), "{good}");
        }
        for bad in [
            "",
            "joe",
            "@example.com",
            "joe@",
            "joe@example.com,ann@example.com",
            "joe@example.com ann@example.com",
            "joe@example.com\r\nBcc: ann@example.com",
            "joe@example.com\n",
            "Joe <joe@example.com>",
            "<joe@example.com>",
            "joe@ann@example.com",
            ".joe@example.com",
            "joe@example..com",
            "joe@-example.com",
            "jö@example.com",
            "\"joe smith\"@example.com",
        ] {
            assert!(!is_one(bad), "{bad:?}");
        }
    }
}
