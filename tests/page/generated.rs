//! Clients that others' generators make from the description: they compile strictly, and do what a client is for.

use super::described::node;
use super::tools;
use crate::running::Server;
use crate::sources;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A server, a folder with its description, and a recording to upload.
fn described() -> (Server, TempDir) {
    let folder = TempDir::new().unwrap();
    let server = Server::start(&folder.path().join("data"), &[]);
    std::fs::write(folder.path().join("openapi.json"), server.get("/openapi.json").body).unwrap();
    std::fs::copy(sources::melody(), folder.path().join("melody.flac")).unwrap();
    (server, folder)
}

/// Runs a client that uploads, lists, signs, plays and deletes; checks what it tells of each.
fn works(mut client: Command, server: &Server, folder: &Path) {
    let output = client
        .current_dir(folder)
        .env("ORIGIN", format!("http://{}", server.address))
        .env("TOKEN", server.token())
        .stdin(Stdio::null())
        .output()
        .expect("the client runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let told: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"));
    let melody = std::fs::read(sources::melody()).unwrap();
    assert_eq!(told["uploaded"], "melody.flac", "{told}");
    assert_eq!((&told["bytes"], &told["total"]), (&melody.len().into(), &1.into()), "{told}");
    assert!(told["signed"].as_str().is_some_and(|link| link.contains("sig=")), "{told}");
    assert_eq!((&told["played"], &told["type"]), (&200.into(), &"audio/mpeg".into()), "{told}");
    assert!(told["heard"].as_u64().is_some_and(|bytes| bytes > 10_000), "{told}");
    assert_eq!((&told["deleted"], &told["left"]), (&204.into(), &0.into()), "{told}");
}

const TYPESCRIPT: &str = r#"import createClient from "openapi-fetch";
import { readFileSync } from "node:fs";
import type { components, paths } from "./api";

const { ORIGIN = "", TOKEN = "" } = process.env;
const client = createClient<paths>({ baseUrl: ORIGIN, headers: { Authorization: `Bearer ${TOKEN}` } });

function there<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

async function run(): Promise<void> {
  const bytes = readFileSync("melody.flac");
  type File = components["schemas"]["FileObject"];
  const uploaded: File = there(await client.PUT("/core/v2/storage/upload/{name}", {
    params: { path: { name: "melody.flac" } },
    body: bytes.toString("latin1"),
    bodySerializer: () => bytes,
    headers: { "Content-Type": "audio/flac" },
  }));
  const file_sid = uploaded.file_sid ?? "";
  const query = { filter: "name like mel%", order: "date_created desc" };
  const list = async () => there(await client.GET("/core/v2/storage/files", { params: { query } }));
  const listed = await list();
  const path = { file_sid };
  const wish = { params: { path }, body: { expires_in: 60 } };
  const signed = there(await client.POST("/core/v2/storage/files/{file_sid}/sign", wish));
  const options = { params: { path, query: { f: "mp3" } }, parseAs: "arrayBuffer" as const };
  const played = await client.GET("/f/{file_sid}", options);
  const deleted = await client.DELETE("/core/v2/storage/files/{file_sid}", { params: { path } });
  const left = await list();
  console.log(JSON.stringify({
    uploaded: uploaded.name, bytes: uploaded.file_bytes, total: listed.total, signed: signed.uri,
    played: played.response.status, type: played.response.headers.get("Content-Type"),
    heard: (played.data as ArrayBuffer).byteLength, deleted: deleted.response.status, left: left.total,
  }));
}

run().catch((error: unknown) => { console.error(error); process.exit(1); });
"#;

#[test]
fn a_client_of_openapi_typescript_uploads_lists_signs_plays_and_deletes() {
    let (server, folder) = described();
    let lint = "@redocly/cli/node_modules/@redocly/cli/bin/cli.js";
    let (passed, said) = node(lint, &["lint", "openapi.json"], folder.path());
    assert!(passed, "{said}");
    let generate = "openapi-typescript/node_modules/openapi-typescript/bin/cli.js";
    let (passed, said) = node(generate, &["openapi.json", "-o", "api.ts"], folder.path());
    assert!(passed, "{said}");
    let modules = folder.path().join("node_modules");
    std::os::unix::fs::symlink(tools().join("openapi-fetch/node_modules"), modules).unwrap();
    let node_itself = "declare module \"node:fs\" { export function readFileSync(path: string): \
                       Uint8Array & { toString(coding: string): string } }\n\
                       declare const process: { env: Record<string, string>; exit(code: number): void };\n";
    std::fs::write(folder.path().join("node.d.ts"), node_itself).unwrap();
    std::fs::write(folder.path().join("client.ts"), TYPESCRIPT).unwrap();
    let judge = "typescript/node_modules/typescript/bin/tsc";
    let strictly = "--strict --target es2022 --module commonjs --moduleResolution node10 --esModuleInterop \
                    --skipLibCheck --lib es2022,dom,dom.iterable --outDir made client.ts node.d.ts";
    let args: Vec<_> = strictly.split_whitespace().collect();
    let (passed, said) = node(judge, &args, folder.path());
    assert!(passed, "{said}");
    let mut client = Command::new("node");
    client.arg("made/client.js");
    works(client, &server, folder.path());
}

const PYTHON: &str = r#"
import io, json, os
from pyclient import AuthenticatedClient
from pyclient.api.files import delete_file, list_files, sign_file, upload_named_file
from pyclient.api.links import play_file
from pyclient.models import SignRequest
from pyclient.types import File

client = AuthenticatedClient(base_url=os.environ["ORIGIN"], token=os.environ["TOKEN"])
listed = lambda: list_files.sync(client=client, filter_="name like mel%", order="date_created desc")
with open("melody.flac", "rb") as melody:
    uploaded = upload_named_file.sync("melody.flac", client=client, body=File(payload=melody))
total = listed().total
signed = sign_file.sync(uploaded.file_sid, client=client, body=SignRequest(expires_in=60))
played = play_file.sync_detailed(uploaded.file_sid, client=client, f="mp3")
deleted = delete_file.sync_detailed(uploaded.file_sid, client=client)
print(json.dumps({
    "uploaded": uploaded.name, "bytes": uploaded.file_bytes, "total": total, "signed": signed.uri,
    "played": int(played.status_code), "type": played.headers["Content-Type"], "heard": len(played.content),
    "deleted": int(deleted.status_code), "left": listed().total,
}))
"#;

#[test]
fn a_client_of_openapi_python_client_uploads_lists_signs_plays_and_deletes() {
    let (server, folder) = described();
    let bin = tools().join("openapi-python-client/bin");
    let generated = Command::new(bin.join("openapi-python-client"))
        .args("generate --path openapi.json --meta none --output-path pyclient".split(' '))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("openapi-python-client must be installed (scripts/setup does it)");
    let said = String::from_utf8_lossy(&generated.stdout);
    assert!(generated.status.success(), "{said}");
    // No object of the description is left out.
    assert!(!said.contains("Unable to process schema"), "{said}");
    std::fs::write(folder.path().join("client.py"), PYTHON).unwrap();
    let mut client = Command::new(bin.join("python"));
    client.arg("client.py");
    works(client, &server, folder.path());
}
