//! Which coding of a text a client takes (RFC 9110 §12.5.3).

/// A coding of content that the server writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 7932.
    Brotli,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// Its name in Content-Encoding.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The smallest that an Accept-Encoding header allows; what it says of `identity` doesn't count, because there is
    /// always that.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        let allows = |coding: Self| weight(header, coding.name()).or_else(|| weight(header, "*"));
        let found =
            [Self::Brotli, Self::Gzip].into_iter().find(|coding| allows(*coding) == Some(true));
        found.unwrap_or(Self::Identity)
    }
}

/// Whether a header names a coding, and with another weight than 0.
fn weight(header: &str, name: &str) -> Option<bool> {
    let mut entries = header.split(',').map(|entry| entry.split(';').map(str::trim));
    entries.find_map(|mut entry| {
        let named = entry.next().is_some_and(|coding| coding.eq_ignore_ascii_case(name));
        let weight = entry.find_map(|parameter| parameter.strip_prefix("q="));
        named.then(|| weight.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_coding_that_is_allowed_is_taken() {
        let cases = [
            ("", Coding::Identity),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip, deflate", Coding::Gzip),
            ("GZIP;q=0.5", Coding::Gzip),
            ("br;q=0, gzip", Coding::Gzip),
            ("br;q=0, *", Coding::Gzip),
            ("*;q=0", Coding::Identity),
            ("identity", Coding::Identity),
            ("br;q=x", Coding::Identity),
        ];
        for (header, coding) in cases {
            assert_eq!(Coding::accepted(header), coding, "{header}");
        }
    }
}
