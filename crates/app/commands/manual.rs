//! `tonearm man` and `tonearm completions`: both from the declarations of the command line.

use crate::cli::Cli;
use crate::failure::{Failure, print};
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

/// The page of the program, or of one of its commands.
pub fn page(command: Option<&str>) -> Result<(), Failure> {
    let mut program = Cli::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => {
            let known = program.get_subcommands().map(|c| c.get_name().to_owned());
            let known = known.collect::<Vec<_>>().join(", ");
            let found = program.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| {
                Failure::Usage(format!("there is no command `{name}`; the commands are {known}"))
            })?;
            found.name(format!("tonearm-{name}"))
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).map_err(|e| Failure::failed("the page", e))?;
    print(&String::from_utf8_lossy(&text))
}

/// The script that a shell completes our command lines by.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tonearm", &mut script);
    print(&String::from_utf8_lossy(&script))
}
