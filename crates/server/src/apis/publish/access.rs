//! By what right a file is had: it is published, its link is signed (apis/publish/README.md §9), or an API's caller may
//! read it.

use crate::problem::Problem;
use library::LinkSecret;
use media::Right;
use semantics::link::Address;
use semantics::signature::expiry;

/// The right, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// For as long as the file is published.
    Published,
    /// Until then.
    Signed {
        /// Unix seconds.
        until_s: u64,
    },
    /// For the one answer: a caller of an API may read it.
    Caller,
}

impl Access {
    /// What it opens.
    pub fn right(self) -> Right {
        match self {
            Self::Published => Right::Publication,
            Self::Signed { .. } | Self::Caller => Right::Signature,
        }
    }
}

/// What a link says of itself, not believed yet.
pub struct Claim<'a> {
    until_s: u64,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    /// The claim of a link, if it makes one.
    ///
    /// # Errors
    /// A claim that can't be right, whoever signed it.
    pub fn of(address: &'a Address) -> Result<Option<Self>, Problem> {
        let ends: Vec<_> = address.values("exp").collect();
        let signatures: Vec<_> = address.values("sig").collect();
        match (ends.as_slice(), signatures.as_slice()) {
            ([], []) => Ok(None),
            ([end], [signature]) => {
                let until_s = expiry(end).ok_or(Problem::Forbidden)?;
                Ok(Some(Self { until_s, signature }))
            }
            _ => Err(Problem::Forbidden),
        }
    }

    /// Judges it by the text that had to be signed.
    ///
    /// # Errors
    /// The signature is not that of the text, or the link has ended.
    pub fn judge(
        &self,
        text: &str,
        secrets: &[LinkSecret],
        now_ms: i64,
    ) -> Result<Access, Problem> {
        let signed = secrets.iter().find(|known| known.secret.verifies(text, self.signature));
        let signed = signed.ok_or(Problem::Forbidden)?;
        let until_s = signed.until_s.map_or(self.until_s, |end| end.min(self.until_s));
        let now_s = u64::try_from(now_ms / 1000).unwrap_or(0);
        if until_s <= now_s {
            return Err(Problem::Forbidden);
        }
        Ok(Access::Signed { until_s })
    }
}
