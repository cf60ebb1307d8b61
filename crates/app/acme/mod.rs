//! A certificate that a certificate authority gives by itself (ACME, RFC 8555), and its renewal: is one due? → order →
//! the new one takes the old one's place → the server reads it again.

mod certificate;
mod network;
mod order;

use crate::failure::{Failure, with_causes};
use crate::settings::Acme;
use certificate::Given;
use instant_acme::{Account, AccountCredentials, ChallengeType, NewAccount};
use network::Network;
use server::{CertificateFiles, Tls};
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Longest between two looks at how long the certificate is still good for.
const LOOK_AGAIN: Duration = Duration::from_hours(6);

/// Until what was given is written again, where there was no room for it.
const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// After the first order that fails; twice as long after each further one. Let's Encrypt allows five failures an hour.
const FIRST_RETRY: Duration = Duration::from_mins(15);
const MAX_RETRY: Duration = Duration::from_hours(6);

/// Says what is wrong with the settings before anything is made, and not in the log.
///
/// # Errors
/// If `--acme-ca` can't be read.
pub fn check(settings: &Acme) -> Result<(), Failure> {
    let network = Network::new(settings.acme_ca.as_deref());
    network.map(drop).map_err(|e| Failure::failed("--acme-ca", with_causes(&*e)))
}

/// What keeps a certificate for the server's names.
pub struct Keeper {
    settings: Acme,
    /// How the names are shown to be ours, what is tried first at the front.
    challenges: [ChallengeType; 2],
    /// The certificate with its chain and its key in one file, so that one rename replaces all of them.
    file: PathBuf,
    account: PathBuf,
    tls: Arc<Tls>,
}

impl Keeper {
    /// Shows the certificate that was given before; without one, one that vouches for itself, until there is a better.
    /// `answers_http`: whether the names' plain HTTP comes in here, too.
    ///
    /// # Errors
    /// If the folder can't be written.
    pub fn open(settings: &Acme, data: &Path, answers_http: bool) -> Result<Self, Failure> {
        let folder = data.join("acme");
        let wrong = |error: &dyn Error| Failure::failed(folder.display(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|e| wrong(&e))?;
        let (file, account) = (folder.join("certificate.pem"), folder.join("account.json"));
        let files = CertificateFiles { certificate: file.clone(), key: file.clone() };
        let tls = match Tls::open(files.clone()) {
            Ok(tls) => tls,
            Err(error) => {
                if file.exists() {
                    tracing::warn!("{error}; another certificate is ordered");
                }
                let own = certificate::vouching_for_itself(&settings.acme_domain);
                write_private(&file, &own.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
                Tls::open(files).map_err(Failure::Failed)?
            }
        };
        let challenges = match answers_http {
            true => [ChallengeType::Http01, ChallengeType::TlsAlpn01],
            false => [ChallengeType::TlsAlpn01, ChallengeType::Http01],
        };
        Ok(Self { settings: settings.clone(), challenges, file, account, tls })
    }

    /// What shows the certificate.
    pub fn tls(&self) -> Arc<Tls> {
        Arc::clone(&self.tls)
    }

    /// Orders a certificate whenever one is due.
    pub async fn keep(self) {
        let names = self.settings.acme_domain.join(", ");
        let mut retry = FIRST_RETRY;
        loop {
            let pause = match self.renewed_if_due().await {
                Ok(pause) => {
                    retry = FIRST_RETRY;
                    pause
                }
                Err(error) => {
                    let error = with_causes(&*error);
                    tracing::error!(names, "no certificate was given: {error}; again in {retry:?}");
                    let longer = MAX_RETRY.min(retry * 2);
                    std::mem::replace(&mut retry, longer)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Orders another certificate if one is due; when to look again.
    async fn renewed_if_due(&self) -> Result<Duration, Box<dyn Error + Send + Sync>> {
        let (names, now) = (&self.settings.acme_domain, SystemTime::now());
        let present = fs::read(&self.file).ok().and_then(|pem| Given::read(&pem));
        if let Some(present) = present.filter(|one| one.is_for(names) && !one.is_due(now)) {
            return Ok(LOOK_AGAIN.min(present.rests(now)));
        }
        let account = self.account().await?;
        let ordered = order::certificate(&account, names, &self.challenges, &self.tls).await;
        self.tls.challenges().clear();
        let ordered = ordered?;
        kept(&self.file, &ordered).await;
        self.tls.reload();
        tracing::info!(names = names.join(", "), "a certificate was given");
        Ok(Given::read(&ordered).map_or(LOOK_AGAIN, |given| LOOK_AGAIN.min(given.rests(now))))
    }

    /// The account that was made before, or a new one.
    async fn account(&self) -> Result<Account, Box<dyn Error + Send + Sync>> {
        let Acme { acme_directory, acme_email, acme_ca, .. } = &self.settings;
        let builder = Account::builder_with_http(Network::new(acme_ca.as_deref())?);
        let made = fs::read(&self.account).ok();
        let made = made.and_then(|json| serde_json::from_slice::<(String, _)>(&json).ok());
        if let Some((directory, credentials)) = made
            && directory == *acme_directory
        {
            return Ok(builder.from_credentials(credentials).await?);
        }
        let contact = acme_email.as_ref().map(|address| format!("mailto:{address}"));
        let new = NewAccount {
            contact: &contact.as_deref().map_or(vec![], |contact| vec![contact]),
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials): (_, AccountCredentials) =
            builder.create(&new, acme_directory.clone(), None).await?;
        kept(&self.account, &serde_json::to_vec(&(acme_directory, credentials))?).await;
        Ok(account)
    }
}

/// Keeps what the authority gave, however long there is no room for it. It isn't asked for again, because authorities
/// count what they give.
async fn kept(path: &Path, given: &[u8]) {
    let mut is_told = false;
    while let Err(error) = write_private(path, given) {
        if !std::mem::replace(&mut is_told, true) {
            let path = path.display();
            tracing::error!(
                "{path}: {error}; what the authority gave waits in memory to be written"
            );
        }
        tokio::time::sleep(WRITE_AGAIN).await;
    }
}

/// Puts a file in its place at once, for the server's eyes alone.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}
