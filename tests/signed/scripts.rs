//! The contract's own scripts sign what the server believes: bash, Python and an Asterisk dialplan.

use super::*;

/// A block of the contract by the mark before it.
fn block(name: &str) -> String {
    let readme = include_str!("../../crates/server/src/apis/publish/README.md");
    let (_, rest) = readme.split_once(&format!("<!-- {name} -->\n```")).expect("a mark");
    let (_, rest) = rest.split_once('\n').expect("a block");
    rest.split_once("\n```").expect("its end").0.to_owned() + "\n"
}

/// The contract's script as a command in a folder of its own.
fn script(folder: &TempDir) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.path().join("sign-link");
    std::fs::write(&path, block("sign.sh")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_contracts_shell_script_signs() {
    let site = Site::start(&SECRETS);
    let late = LATE.to_string();
    let name = "disposition_name=r%C3%A9sum%C3%A9%20a%2Bb.wav";
    let options = ["f=mp3", "disposition=attachment", name];
    let mut command = Command::new(script(&site.folder));
    let output =
        command.args([site.sid.as_str(), &late]).args(options).env("SECRET", SECRET).output();
    let signature = stdout(&output.unwrap());
    let link = format!("{}?{}&exp={LATE}&sig={signature}", site.link(), options.join("&"));
    assert_eq!(site.server.get(&link).status, 200, "{link}");
}

#[test]
fn the_contracts_python_signs() {
    let site = Site::start(&SECRETS);
    let call = format!(
        "print(sign(b'{SECRET}', '{}', 60, f='mp3', br=32, disposition_name='résumé a+b.wav'))",
        site.link()
    );
    let program = block("sign.py") + &call;
    let output = Command::new("python3").args(["-c", &program]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let link = stdout(&output);
    let answer = site.server.get(link.trim());
    assert_eq!(answer.status, 200, "{link}");
    assert!(answer.header("content-disposition").unwrap().contains("r%C3%A9sum%C3%A9%20a+b.wav"));
}

#[test]
fn the_contracts_dialplan_plays_a_signed_prompt() {
    let site = Site::start(&SECRETS);
    let folder = script(&site.folder).parent().unwrap().to_owned();
    let mut variables =
        vec![("EPOCH".to_owned(), now_s().to_string()), ("ARG1".into(), site.sid.clone())];
    let mut played = None;
    for line in block("extensions.conf")
        .lines()
        .filter_map(|line| line.split_once("=> ")?.1.split_once(','))
    {
        let application = line.1.trim_start_matches("1,");
        let (name, argument) = application.trim_end_matches(')').split_once('(').expect("NAME(…)");
        let ours = |text: &str| evaluated(text, &variables, &folder);
        match name {
            "Set" => {
                let (variable, value) = argument.split_once('=').expect("VARIABLE=VALUE");
                let value = ours(value);
                variables.push((variable.to_owned(), value));
            }
            "Playback" => played = Some(ours(argument)),
            _ => assert_eq!(application, "Return()"),
        }
    }
    let url = played.expect("something is played");
    assert!(!url.contains(['&', ',', ';', '?']), "a dialplan cuts {url}");
    let answer = site.server.get(url.strip_prefix("http://media.example.com").unwrap());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("audio/x-wav")), "{url}");
    let seconds = seconds(&answer);
    assert!((1..=300).contains(&seconds), "the preset's five minutes: {seconds}");
}

/// What Asterisk makes of a text: variables, then SHELL(), then expressions, as far as the contract has them.
fn evaluated(text: &str, variables: &[(String, String)], path: &Path) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("${{{name}}}"), value);
    }
    let bash = |script: &str| {
        let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["-c", script])
            .env("PATH", path)
            .env("SECRET", SECRET)
            .output();
        stdout(&output.unwrap())
    };
    if let Some(command) = text.strip_prefix("${SHELL(").and_then(|rest| rest.strip_suffix(")}")) {
        return bash(command);
    }
    match text.strip_prefix("$[").and_then(|rest| rest.strip_suffix(']')) {
        Some(expression) => bash(&format!("printf %s $(({expression}))")),
        None => text,
    }
}
