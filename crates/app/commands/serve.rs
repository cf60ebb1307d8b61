//! `tonearm serve`: listen → open the data folder → bring in → welcome → serve until a signal.

use super::import::{How, bring_in};
use crate::assemble::{self, Entrance, LostCatalog, Opened, block_on};
use crate::cli::{Command, Serve};
use crate::failure::{Failure, print};
use crate::log::Log;
use crate::mail_links::MailLinks;
use crate::settings;
use crate::signals::{Reloads, Stops};
use crate::{config, supervisor};
use library::{Usage, Welcome};
use server::{Bound, Services, Tls};
use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub fn run(args: &Serve) -> Result<(), Failure> {
    let log = Log::begin(&args.server.log, args.server.log_format)?;
    let outcome = serve(args, log);
    server::flush_log();
    outcome
}

fn serve(args: &Serve, log: Log) -> Result<(), Failure> {
    block_on(async {
        let (mut stops, reloads) = (Stops::new()?, Reloads::new()?);
        let (secrets, mail) = (args.links.secrets()?, args.mail.config()?);
        let tls = args.server.network.tls()?;
        let listeners = args.server.network.listeners(args.take_over)?;
        let own_url = own_url(listeners.bound(), tls.is_some());
        let entrance = entrance(args, tls.clone(), listeners.bound());
        let base = args.store.public_url.clone().unwrap_or_else(|| own_url.clone());
        if args.server.page_origin.as_ref().is_some_and(|page| page.has(&base)) {
            let told = format!(
                "--page-origin: the links are there, too ({base}); give it a host of its own"
            );
            return Err(Failure::Usage(told));
        }
        let lost = match args.new_catalog {
            true => LostCatalog::Replaced,
            false => LostCatalog::Refused,
        };
        let opened = match args.take_over {
            true => tokio::select! {
                opened = assemble::successor(&args.store, &base, secrets, lost) => opened?,
                () = stops.next() => return Ok(()),
            },
            false => assemble::alone(&args.store, &base, secrets, lost).await?,
        };
        if let Some(first) = &opened.welcome {
            print(&welcome(first, &own_url, &args.store.data))?;
        }
        let services = tokio::select! {
            services = prepared(&opened, args, entrance) => services?,
            // A stop keeps the files that are in already; of the one under way nothing stays.
            () = stops.next() => return Ok(()),
        };
        tokio::spawn(opened.library.clone().keep_sweeping());
        tokio::spawn(opened.library.clone().keep_settling());
        let (data, min_free) = (args.store.data.clone(), args.store.min_free_bytes);
        tokio::spawn(assemble::keep_room(services.media.clone(), data, min_free));
        let post = MailLinks::post(&services, mail);
        tokio::spawn(post.clone().keep_sending());
        let status = announce(listeners.bound(), tls.is_some())?;
        tell_start(&opened, args, &status).await;
        tokio::spawn(supervisor::keep_alive());
        tokio::spawn(keep_reloading(reloads, log, tls, status));
        let mut closing = None;
        let stop = async {
            stops.next().await;
            supervisor::stopping();
            tracing::info!("stopping; answers under way are finished");
            let drain_timeout = Duration::from_millis(args.server.drain_timeout_ms);
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

/// The URL of the server on this machine.
fn own_url(bound: &[Bound], is_secure: bool) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    let addresses = bound.iter().filter_map(|bound| match bound {
        Bound::Address(address) => Some(*address),
        Bound::Unix(_) => None,
    });
    let here = |address: SocketAddr| match address.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::from(Ipv4Addr::LOCALHOST), address.port()).to_string(),
        false => address.to_string(),
    };
    let address = addresses.map(here).next();
    format!("{scheme}://{}", address.as_deref().unwrap_or("localhost"))
}

/// How clients come in, and what is to be said of it.
fn entrance(args: &Serve, tls: Option<Arc<Tls>>, bound: &[Bound]) -> Entrance {
    let is_everywhere =
        |bound: &Bound| matches!(bound, Bound::Address(address) if address.ip().is_unspecified());
    // Where the page has an origin of its own, that of the links can't be told from where a request came in.
    let links_follow_requests =
        args.store.public_url.is_none() && args.server.page_origin.is_none();
    if links_follow_requests && bound.iter().any(is_everywhere) {
        tracing::warn!(
            "listening on all addresses without --public-url: links begin with the host that each request names"
        );
    }
    Entrance { tls, links_follow_requests }
}

/// Tells that the server is ready, and where; what is told of it afterwards, too.
fn announce(bound: &[Bound], is_secure: bool) -> Result<String, Failure> {
    let scheme = if is_secure { "https" } else { "http" };
    let places: Vec<_> = bound
        .iter()
        .map(|bound| match bound {
            Bound::Address(address) => format!("{scheme}://{address}"),
            Bound::Unix(_) => bound.to_string(),
        })
        .collect();
    let lines: String = places.iter().map(|place| format!("listening on {place}\n")).collect();
    print(&lines)?;
    let status = format!("listening on {}", places.join(", "));
    supervisor::ready(&status);
    Ok(status)
}

/// Says in the log what runs, where, and on what.
async fn tell_start(opened: &Opened, args: &Serve, status: &str) {
    let version = env!("TONEARM_VERSION");
    let data = args.store.data.display();
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
            Ok(filter) => tracing::info!(log = filter, "the settings were read again"),
            Err(failure) => tracing::error!("{failure}; the log stays as it is"),
        }
        supervisor::ready(&status);
    }
}

/// What is to be logged, as the settings say it now.
fn filter() -> Result<String, Failure> {
    match config::parse(std::env::args_os())?.command {
        Command::Serve(args) => Ok(args.server.log),
        _ => Err(Failure::Usage("not the command that was started".into())),
    }
}

/// Brings in what is to be brought in; then what there is to serve.
async fn prepared(opened: &Opened, args: &Serve, entrance: Entrance) -> Result<Services, Failure> {
    bring_in(opened, &args.paths, None, How::default()).await?;
    let mut services = assemble::services(opened, &args.server, &args.links, entrance).await?;
    match server::raise_descriptor_limit() {
        Ok(descriptors) => settings::fit(&mut services.config, descriptors),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
    Ok(services)
}

/// The token itself is for the eyes of who stands before a terminal: a pipe may end in a journal that others read.
fn welcome(first: &Welcome, url: &str, data: &Path) -> String {
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
    format!(
        "Welcome. {told}\
         container  {container_sid}\n\
         To upload a recording:\n\
         curl -H \"Authorization: Bearer {bearer}\" -T recording.wav \
         {url}/core/v2/storage/upload/\n\n"
    )
}
