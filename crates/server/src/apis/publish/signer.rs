//! Signs links: for the API, and for the command line.

use super::beside;
use super::link::{GRAMMAR, read};
use super::options::is_presettable;
use super::presets::Presets;
use super::{Answered, Config};
use audio::formats;
use library::{File, Library};
use media::BadValue;
use semantics::link::{Address, Ending, Link, Pair};
use semantics::signature::{self, Secret};

/// How long links live that are signed here.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// The ends of links are rounded up to whole windows of so many seconds; 0 for none.
    pub window_s: u64,
    /// The longest that a link may be signed for, in seconds.
    pub max_s: u64,
}

impl Lifetimes {
    /// When a link ends that is to live so long from now on, in Unix seconds.
    ///
    /// # Errors
    /// A text that says how long it may live.
    pub fn end(&self, now_s: u64, life_s: u64) -> Result<u64, String> {
        match life_s {
            0 => Err("a link lives for 1 s at least".into()),
            life_s if life_s > self.max_s => {
                let days = self.max_s / 86400;
                Err(format!("{life_s} s; allowed: up to {} s ({days} days)", self.max_s))
            }
            life_s => Ok(signature::end(now_s, life_s, self.window_s)),
        }
    }
}

const NO_SECRET: &str = "there is no secret to sign with";

/// How a signed link is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Options in the query.
    Query,
    /// Options as segments of the path, for clients that cut URLs at `?` and `&`.
    Path,
}

/// Signs links of files.
#[derive(Clone)]
pub struct Signer {
    library: Library,
    presets: Presets,
    lifetimes: Lifetimes,
    answered: Answered,
}

/// How long a link lives, in seconds, that stands where a public one is not answered; less if none may live so long.
const IN_PLACE_S: u64 = 7 * 86_400;

/// What is to be signed.
#[derive(Clone)]
pub struct Wish {
    /// How long the link is to live, in seconds.
    pub life_s: u64,
    /// Its options.
    pub options: Vec<Pair>,
    /// How it is written.
    pub form: Form,
}

/// Why a link is not signed.
pub enum Unsigned {
    /// It can't live so long: what is allowed.
    Life(String),
    /// No link has that option.
    UnknownOption(String),
    /// An option can't have that value.
    BadValue(BadValue),
    /// The library doesn't tell what it needs.
    Library(library::Error),
}

impl From<library::Error> for Unsigned {
    fn from(error: library::Error) -> Self {
        Self::Library(error)
    }
}

impl Signer {
    /// Signs with what a library signs with.
    #[must_use]
    pub fn new(library: Library, config: &Config) -> Self {
        let Config { presets, lifetimes, answered, .. } = config.clone();
        Self { library, presets, lifetimes, answered }
    }

    /// The public links of files, in their order; `None` for one that is not published, or if only signed links are
    /// answered.
    ///
    /// # Errors
    /// [`library::Error::Storage`].
    pub async fn publish_uris(
        &self,
        files: &[File],
    ) -> Result<Vec<Option<String>>, library::Error> {
        match self.answered {
            Answered::All => self.library.publish_uris(files).await,
            Answered::SignedAlone => Ok(vec![None; files.len()]),
        }
    }

    /// Public links such that they are answered: as they are, or signed for a week.
    ///
    /// # Errors
    /// [`library::Error::Storage`].
    pub async fn answered(
        &self,
        links: Vec<Option<String>>,
        now_s: u64,
    ) -> Result<Vec<Option<String>>, library::Error> {
        if self.answered == Answered::All {
            return Ok(links);
        }
        let secrets = self.library.link_secrets().await?;
        let failed = |why: String| library::Error::Storage(why.into());
        let secret = secrets.first().ok_or_else(|| failed(NO_SECRET.into()))?;
        let until_s = self.lifetimes.end(now_s, self.in_place_s()).map_err(failed)?;
        let sign = |link: String| sign_url(&link, until_s, &secret.secret);
        links.into_iter().map(|link| link.map(sign).transpose().map_err(failed)).collect()
    }

    /// A link that stands where a file has no public one, signed for a week.
    ///
    /// # Errors
    /// [`library::Error::Storage`].
    pub async fn sign_in_place(
        &self,
        file: &File,
        options: Vec<Pair>,
        now_s: u64,
    ) -> Result<String, library::Error> {
        let wish = Wish { life_s: self.in_place_s(), options, form: Form::Query };
        match self.sign(file, &wish, now_s).await {
            Ok((link, _)) => Ok(link),
            Err(Unsigned::Library(error)) => Err(error),
            Err(Unsigned::Life(why) | Unsigned::UnknownOption(why)) => {
                Err(library::Error::Storage(why.into()))
            }
            Err(Unsigned::BadValue(why)) => Err(library::Error::Storage(why.to_string().into())),
        }
    }

    fn in_place_s(&self) -> u64 {
        IN_PLACE_S.min(self.lifetimes.max_s)
    }

    /// The link of a file, and when it ends (Unix seconds).
    ///
    /// # Errors
    /// [`Unsigned`].
    pub async fn sign(
        &self,
        file: &File,
        wish: &Wish,
        now_s: u64,
    ) -> Result<(String, u64), Unsigned> {
        let (links, until_s) = self.sign_each(std::slice::from_ref(file), wish, now_s).await?;
        Ok((links.into_iter().next().unwrap_or_default(), until_s))
    }

    /// The links of files, in their order, and when they end (Unix seconds).
    ///
    /// # Errors
    /// [`Unsigned`].
    pub async fn sign_each(
        &self,
        files: &[File],
        wish: &Wish,
        now_s: u64,
    ) -> Result<(Vec<String>, u64), Unsigned> {
        let until_s = self.lifetimes.end(now_s, wish.life_s).map_err(Unsigned::Life)?;
        let secrets = self.library.link_secrets().await?;
        let none = || library::Error::Storage(NO_SECRET.into());
        let secret = &secrets.first().ok_or_else(none)?.secret;
        let bases = self.library.link_bases(files).await?;
        let links = files.iter().zip(bases).map(|(file, base)| {
            let address = self.address(file, wish.clone())?;
            Ok(format!("{base}{}", signed(address, until_s, secret)))
        });
        Ok((links.collect::<Result<_, Unsigned>>()?, until_s))
    }

    /// The link with its options; in the path it ends in the extension of its format.
    fn address(&self, file: &File, wish: Wish) -> Result<Address, Unsigned> {
        if let Some((name, _)) = wish.options.iter().find(|(name, _)| !can_be_signed(name)) {
            return Err(Unsigned::UnknownOption(name.clone()));
        }
        let (path, query) = match wish.form {
            Form::Query => (Vec::new(), wish.options),
            Form::Path => (wish.options, Vec::new()),
        };
        let (link, ending) = (Link::Sid(file.file_sid), Ending::Bare);
        let mut address = Address { link, path, ending, query };
        let asked = read(&address, &self.presets).map_err(Unsigned::BadValue)?;
        let format = asked.preferences.format.unwrap_or(&file.content_format);
        if wish.form == Form::Path {
            let extension = formats::by_name(format).map(|row| format!(".{}", row.extensions[0]));
            address.ending = Ending::Name(format!("file{}", extension.unwrap_or_default()));
        }
        Ok(address)
    }
}

/// Whether a link that is signed here may have an option of that name.
pub fn can_be_signed(name: &str) -> bool {
    is_presettable(name) || name == "p"
}

/// Signs a link until then (Unix seconds), in the form that it has.
fn signed(mut address: Address, until_s: u64, secret: &Secret) -> Address {
    for options in [&mut address.path, &mut address.query] {
        options.retain(|(name, _)| name != "exp" && name != "sig");
    }
    let by_path = !address.path.is_empty() || matches!(address.ending, Ending::Name(_));
    let add = |address: &mut Address, name: &str, value| {
        let options = if by_path { &mut address.path } else { &mut address.query };
        options.push((name.to_owned(), value));
    };
    add(&mut address, "exp", until_s.to_string());
    // A picture has the signature of its file.
    let file = beside::named(&address).map(|(_, file)| file);
    let signature = secret.sign(&file.as_ref().unwrap_or(&address).signed_text(&GRAMMAR));
    add(&mut address, "sig", signature);
    address
}

/// Signs a link as it is given, with whatever stands before its path.
///
/// # Errors
/// The URL is no publish link.
pub fn sign_url(url: &str, until_s: u64, secret: &Secret) -> Result<String, String> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let begins = path.match_indices(['/']).map(|(at, _)| at);
    let mut found = begins.filter_map(|at| {
        let (base, path) = path.split_at(at);
        Address::parse(path, query, &GRAMMAR).map(|address| (base, address))
    });
    let (base, address) = found.next().ok_or_else(|| {
        format!("`{url}` is no link of a file: …/f/FILE_SID or …/c/CONTAINER_SID/NAME")
    })?;
    Ok(format!("{base}{}", signed(address, until_s, secret)))
}
