//! `tonearm serve`: listen → open the data folder → bring in → welcome → serve until a signal.

use super::import::{How, bring_in};
use crate::assemble::{self, LostCatalog, Opened, block_on};
use crate::cli::Serve;
use crate::failure::{Failure, print};
use crate::settings;
use crate::settings::Server;
use library::Welcome;
use mail::Post;
use server::Services;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

pub fn run(args: &Serve) -> Result<(), Failure> {
    log(&args.server)?;
    block_on(async {
        let mut signals = Signals::new()?;
        let (secrets, mail) = (args.links.secrets()?, args.mail.config()?);
        let listen = args.server.listen;
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let listeners = server::listen(listen, cores, args.take_over)
            .map_err(|e| Failure::failed(format!("listening on {listen}"), e))?;
        let address = listeners.address;
        let base = args.store.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
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
                () = signals.next() => return Ok(()),
            },
            false => assemble::alone(&args.store, &base, secrets, lost).await?,
        };
        if let Some(first) = &opened.welcome {
            print(&welcome(first, &address.to_string(), &args.store.data))?;
        }
        let services = tokio::select! {
            services = prepared(&opened, args) => services?,
            // A stop keeps the files that are in already; of the one under way nothing stays.
            () = signals.next() => return Ok(()),
        };
        tokio::spawn(opened.library.clone().keep_sweeping());
        tokio::spawn(opened.library.clone().keep_settling());
        let (data, min_free) = (args.store.data.clone(), args.store.min_free_bytes);
        tokio::spawn(assemble::keep_room(services.media.clone(), data, min_free));
        let post = Post::new(opened.library.clone(), services.media.clone(), mail);
        tokio::spawn(post.clone().keep_sending());
        print(&format!("listening on http://{address}\n"))?;
        let mut closing = None;
        let stop = async {
            signals.next().await;
            tracing::info!("stopping; answers under way are finished");
            let drain_timeout = Duration::from_millis(args.server.drain_timeout_ms);
            closing.replace(tokio::spawn(post.close(drain_timeout)));
            tokio::spawn(async move {
                signals.next().await;
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

/// Brings in what is to be brought in; then what there is to serve.
async fn prepared(opened: &Opened, args: &Serve) -> Result<Services, Failure> {
    bring_in(opened, &args.paths, None, How::default()).await?;
    let mut services = assemble::services(opened, &args.server, &args.links).await?;
    match server::raise_descriptor_limit() {
        Ok(descriptors) => settings::fit(&mut services.config, descriptors),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
    Ok(services)
}

fn log(server: &Server) -> Result<(), Failure> {
    // The decoders warn of each damaged packet, and know no file's name: what is wrong with a file is one
    // line of ours.
    let filter = EnvFilter::try_new(format!("symphonia=off,{}", server.log))
        .map_err(|e| Failure::Usage(format!("--log: `{}`: {e}", server.log)))?;
    let colour = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colour);
    log.with_writer(std::io::stderr).init();
    Ok(())
}

/// The token itself is for the eyes of who stands before a terminal: a pipe may end in a journal that others read.
fn welcome(first: &Welcome, address: &str, data: &Path) -> String {
    let Welcome { token, container_sid } = first;
    let kept = data.join("admin.token");
    let kept = kept.display();
    let (told, bearer) = match std::io::stdout().is_terminal() {
        true => {
            let told = format!(
                "This is shown once; the token is kept in {kept}.\n\
                 token      {token}\n\
                 page       http://{address}/#token={token}\n"
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
         http://{address}/core/v2/storage/upload/\n\n"
    )
}

/// SIGTERM and SIGINT.
struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(|e| Failure::failed("waiting for signals", e));
        Ok(Self { term: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.term.recv() => (), _ = self.interrupt.recv() => () }
    }
}
