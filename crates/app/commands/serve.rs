//! `tonearm serve`: listen → open the data folder → bring in → welcome → serve until a signal.

use super::import::{How, bring_in};
use crate::acme::{self, Keeper};
use crate::assemble::{self, LostCatalog, Opened, block_on};
use crate::cli::{Command, Serve};
use crate::entrance::{self, Entrance};
use crate::failure::{Failure, print};
use crate::log::{Filter, Log};
use crate::mail_links::MailLinks;
use crate::settings::{self, Settings};
use crate::signals::{Reloads, Stops};
use crate::traces::{self, Exporter};
use crate::{config, supervisor};
use library::{Usage, Welcome};
use rustix::process::{Resource, getrlimit};
use server::{Bound, Services, Tls};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Smallest limit of address space to start with, bytes: a gigabyte of it is stacks and arenas that are never used.
const MIN_ADDRESS_SPACE: u64 = 2 << 30;

/// Heaps for the threads of a core: one serves and one encodes, and those that wait for a disk come between.
const HEAPS_PER_CORE: usize = 2;

pub fn run(args: &Serve) -> Result<(), Failure> {
    address_space()?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    server::share_heaps(HEAPS_PER_CORE * cores);
    let server = &args.settings.server;
    let (collecting, exporter) = server.otlp.as_deref().map(traces::to).transpose()?.unzip();
    let log = Log::begin(&server.log, server.log_format, collecting);
    let outcome = serve(args, log, exporter);
    server::flush_log();
    outcome
}

fn serve(args: &Serve, log: Log, exporter: Option<Exporter>) -> Result<(), Failure> {
    block_on(async {
        exporter.map(|exporter| tokio::spawn(exporter.keep_sending()));
        let (mut stops, reloads) = (Stops::new()?, Reloads::new()?);
        let settings = &args.settings;
        let (secrets, mail) = (settings.links.secrets()?, settings.mail.config()?);
        let network = &settings.server.network;
        let (tls, is_secure) = (network.tls()?, network.is_secure());
        acme::check(&network.acme)?;
        let listeners = network.listeners(args.take_over)?;
        let own_url = entrance::own_url(listeners.bound(), is_secure);
        let base = settings.store.public_url.clone().unwrap_or_else(|| own_url.clone());
        links_lie_apart(settings, &base)?;
        let lost = match args.new_catalog {
            true => LostCatalog::Replaced,
            false => LostCatalog::Refused,
        };
        let opened = match args.take_over {
            true => tokio::select! {
                opened = assemble::successor(&settings.store, &base, secrets, lost) => opened?,
                () = stops.next() => return Ok(()),
            },
            false => assemble::alone(&settings.store, &base, secrets, lost).await?,
        };
        let ordering = || Keeper::open(&network.acme, &settings.store.data, network.redirects());
        let keeper = network.is_ordering().then(ordering).transpose()?;
        let tls = tls.or_else(|| keeper.as_ref().map(Keeper::tls));
        let entrance = Entrance::of(settings, tls.clone(), listeners.bound());
        if let Some(first) = &opened.welcome {
            print(&welcome(first, &own_url, listeners.bound(), &settings.store.data))?;
        }
        let services = tokio::select! {
            services = prepared(&opened, args, entrance) => services?,
            // A stop keeps the files that are in already; of the one under way nothing stays.
            () = stops.next() => return Ok(()),
        };
        keep_house(&opened, settings, &services);
        let post = MailLinks::post(&services, mail);
        tokio::spawn(post.clone().keep_sending());
        let status = entrance::announce(&listeners, is_secure)?;
        tell_start(&opened, settings, &status).await;
        tokio::spawn(supervisor::keep_alive());
        if let Some(keeper) = keeper {
            tokio::spawn(keeper.keep());
        }
        tokio::spawn(keep_reloading(reloads, log, tls, status));
        let mut closing = None;
        let stop = async {
            stops.next().await;
            supervisor::stopping();
            tracing::info!("stopping; answers under way are finished");
            let drain_timeout = Duration::from_millis(settings.server.drain_timeout_ms);
            closing.replace(tokio::spawn(post.close(drain_timeout)));
            tokio::spawn(async move {
                stops.next().await;
                server::flush_log();
                // What is acknowledged is durable already: nothing is lost by leaving at once.
                std::process::exit(1);
            });
            opened.has_successor()
        };
        let served = server::serve(listeners, services, stop).await;
        let _no_mail_goes = match closing {
            Some(closing) => closing.await.ok(),
            None => None,
        };
        opened.library.settle_accesses().await;
        served.map_err(|e| Failure::failed("the serving threads", e))
    })
}

/// Refuses a page whose origin the links share, because what was uploaded would run there.
fn links_lie_apart(settings: &Settings, base: &str) -> Result<(), Failure> {
    match &settings.server.page_origin {
        Some(page) if page.has(base) => Err(Failure::Usage(format!(
            "--page-origin: the links are there, too ({base}); give it a host of its own"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a limit of address space that would end the process in the middle of its work, because an allocation that
/// fails can't be answered.
fn address_space() -> Result<(), Failure> {
    match getrlimit(Resource::As).current {
        Some(bytes) if bytes < MIN_ADDRESS_SPACE => Err(Failure::Failed(format!(
            "the address space is limited to {} MiB (ulimit -v, LimitAS=), and the server starts with {} MiB or more: \
             most of it is reserved and never used. To limit memory, use a control group (MemoryMax=)",
            bytes >> 20,
            MIN_ADDRESS_SPACE >> 20
        ))),
        _ => Ok(()),
    }
}

/// Says in the log what runs, where, and on what.
async fn tell_start(opened: &Opened, settings: &Settings, status: &str) {
    let version = env!("TONEARM_VERSION");
    let data = settings.store.data.display();
    match opened.library.usage().await {
        Ok(Usage { files, bytes }) => {
            tracing::info!(version, %data, files, bytes, "the server is ready, {status}");
        }
        Err(error) => tracing::warn!(version, %data, %error, "the server is ready, {status}"),
    }
}

/// Reads again at each signal what may change while the server runs: the certificate, and what is logged.
async fn keep_reloading(mut reloads: Reloads, log: Log, tls: Option<Arc<Tls>>, status: String) {
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.keep_reading());
    }
    loop {
        reloads.next().await;
        supervisor::reloading();
        if let Some(tls) = &tls {
            tls.reload();
        }
        match filter().and_then(|filter| log.change(&filter).map(|()| filter)) {
            Ok(filter) => tracing::info!(log = %filter, "the settings were read again"),
            Err(failure) => tracing::error!("{failure}; the log stays as it is"),
        }
        supervisor::ready(&status);
    }
}

/// What is to be logged, as the settings say it now.
fn filter() -> Result<Filter, Failure> {
    match config::parse(std::env::args_os())?.command {
        Command::Serve(args) => Ok(args.settings.server.log),
        _ => Err(Failure::Usage("not the command that was started".into())),
    }
}

/// Has done, as long as the server runs, what no request asks for.
fn keep_house(opened: &Opened, settings: &Settings, services: &Services) {
    tokio::spawn(opened.library.clone().keep_sweeping());
    tokio::spawn(opened.library.clone().keep_settling());
    let (data, min_free) = (settings.store.data.clone(), settings.store.min_free_bytes);
    tokio::spawn(assemble::keep_room(services.media.clone(), data, min_free));
}

/// Brings in what is to be brought in; then what there is to serve.
async fn prepared(opened: &Opened, args: &Serve, entrance: Entrance) -> Result<Services, Failure> {
    if let Err(error) = opened.library.note_link_secrets().await {
        tracing::warn!(%error, "`tonearm sign` can't know where the secrets of links come from");
    }
    bring_in(opened, &args.paths, None, How::default()).await?;
    if let Err(error) = opened.library.take_up_uploads().await {
        tracing::warn!(%error, "looking for uploads that were left unfinished");
    }
    let mut services = assemble::services(opened, &args.settings, entrance).await?;
    match server::raise_descriptor_limit() {
        Ok(descriptors) => settings::fit(&mut services.config, descriptors),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
    Ok(services)
}

/// The token itself is for the eyes of who stands before a terminal: a pipe may end in a journal that others read.
fn welcome(first: &Welcome, url: &str, bound: &[Bound], data: &Path) -> String {
    let Welcome { token, container_sid } = first;
    let kept = data.join("admin.token");
    let kept = kept.display();
    let (told, bearer) = match std::io::stdout().is_terminal() {
        true => {
            let told = format!(
                "This is shown once; the token is kept in {kept}.\n\
                 token      {token}\n\
                 page       {url}/#token={token}\n"
            );
            (told, token.clone())
        }
        false => (format!("The token is in {kept}.\n"), format!("$(cat '{kept}')")),
    };
    let (by, url) = match entrance::only_socket(bound) {
        // No TLS is spoken there, whatever the links begin with.
        Some(file) => (format!("--unix-socket '{}' ", file.display()), "http://localhost"),
        None => (String::new(), url),
    };
    format!(
        "Welcome. {told}\
         container  {container_sid}\n\
         To upload a recording:\n\
         curl {by}-H \"Authorization: Bearer {bearer}\" -T recording.wav \
         {url}/core/v2/storage/upload/\n\n"
    )
}
