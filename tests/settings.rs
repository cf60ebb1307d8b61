//! The settings: flags, environment and file, which beats which, and names that have changed.

use crate::command_line::{chime, fails};
use crate::running::{Server, run, stderr, stdout, tonearm};
use std::path::Path;
use tempfile::TempDir;

#[test]
fn the_sample_configuration_is_accepted_as_it_is_and_names_every_flag() {
    let folder = TempDir::new().unwrap();
    let sample = stdout(&run(&["config"]));
    let help = stdout(&run(&["serve", "--help"]));
    // These speak of one start, not of the server.
    let not_settings = ["--help", "--config", "--take-over", "--new-catalog"];
    for flag in help.split_whitespace().filter(|w| w.starts_with("--") && !not_settings.contains(w))
    {
        let name = flag.trim_start_matches('-').split('[').next().unwrap_or_default();
        assert!(sample.contains(&name.replace('-', "_")), "{flag}");
    }
    let file = folder.path().join("tonearm.toml");
    std::fs::write(&file, sample).unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--config", file.to_str().unwrap()]);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn presets_and_the_default_of_cache_control_are_settings() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.toml");
    let settings =
        "cache_control = \"public, max-age=60\"\npresets = \"hold?f=mp3&br=32 web?f=ogg\"\n";
    std::fs::write(&file, settings).unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, &["--config", file.to_str().unwrap()]);
    let link = server.upload("chime.wav", &std::fs::read(chime()).unwrap());
    for (query, kind, cache_control) in [
        ("", "audio/x-wav", "public, max-age=60"),
        ("?p=hold", "audio/mpeg", "public, max-age=60"),
        ("?p=web", "audio/ogg", "public, max-age=60"),
        ("?p=ulaw", "audio/basic", "public, max-age=300"),
    ] {
        let answer = server.get(&format!("{link}{query}"));
        assert_eq!(answer.header("content-type"), Some(kind), "{query}");
        assert_eq!(answer.header("cache-control"), Some(cache_control), "{query}");
    }
    assert!(server.get(&format!("{link}?p=x")).text().contains("hold"));
}

#[test]
fn an_unknown_or_wrong_setting_in_the_file_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("wrong.toml");
    let file = file.to_str().unwrap();
    for (text, name) in [
        ("lisen = \"x\"", "lisen"),
        ("listen = \"x\"", "listen"),
        ("data = ", "line 1"),
        ("cache_control = \"frob\"", "frob"),
        ("presets = \"a?f=xyz\"", "xyz"),
        ("public_url = \"https://user:word@media.example.com\"", "example.com/media"),
        ("public_url = \"https://media.example.com:99999\"", "example.com/media"),
        ("public_url = \"https://media.example.com/a\\\"><b>\"", "example.com/media"),
        ("page_origin = \"https://a.example;script-src\"", "console.example.com"),
        ("max_headers = 9000000000", "1 to 10000"),
        ("max_headers = 0", "1 to 10000"),
    ] {
        std::fs::write(file, text).unwrap();
        let said = fails(&["serve", "--config", file], 2);
        assert!(said.contains(name) && said.contains("wrong.toml"), "{said}");
    }
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let file = at("tonearm.toml");
    std::fs::write(&file, format!("data = \"{}\"", at("from-file"))).unwrap();
    let create = |flags: &[&str], environment: Option<String>| {
        let mut command = tonearm();
        command.args(["token", "create", "--config", &file]).args(flags);
        if let Some(data) = environment {
            command.env("TONEARM_DATA", data);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    };
    create(&[], None);
    assert!(Path::new(&at("from-file")).is_dir());
    create(&[], Some(at("from-environment")));
    assert!(Path::new(&at("from-environment")).is_dir());
    create(&["--data", &at("from-flag")], Some(at("unused")));
    assert!(Path::new(&at("from-flag")).is_dir());
    assert!(!Path::new(&at("unused")).exists());
}

#[test]
fn a_setting_is_taken_under_its_old_name_as_flag_variable_and_key_and_shown_under_the_new_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tonearm.toml");
    let refused = |flags: &[&str], variable: &str, text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = tonearm();
        command.args(["serve", "--config", file.to_str().unwrap()]).args(flags);
        if let Some((name, value)) = variable.split_once('=') {
            command.env(name, value);
        }
        stderr(&command.output().unwrap())
    };
    let settings = [
        "max_connections",
        "max_connections_per_address",
        "max_header_bytes",
        "max_headers",
        "max_audio_hours",
    ];
    for name in settings {
        let old = match name {
            "max_audio_hours" => "longest_audio_hours".to_owned(),
            _ => name.replace("max_", "most_"),
        };
        for spelt in [name, &old] {
            let (flag, variable) = (spelt.replace('_', "-"), spelt.to_uppercase());
            for said in [
                refused(&[&format!("--{flag}"), "wrong"], "", ""),
                refused(&[], &format!("TONEARM_{variable}=wrong"), ""),
                refused(&[], "", &format!("{spelt} = \"wrong\"")),
            ] {
                let shown = format!("'--{}", name.replace('_', "-"));
                assert!(said.contains("'wrong'") && said.contains(&shown), "{spelt}: {said}");
            }
        }
        let twice = refused(&[], "", &format!("{name} = 7\n{old} = 8"));
        assert!(twice.contains(name) && twice.contains("twice"), "{twice}");
        let shown = stdout(&run(&["config"])) + &stdout(&run(&["serve", "--help"]));
        assert!(!shown.contains(&old) && !shown.contains(&old.replace('_', "-")), "{old} is shown");
    }
}
