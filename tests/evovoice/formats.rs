//! The four formats, JSONP, and how one is chosen.

use super::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// What a script of this folder says of a document.
pub fn judged(script: &str, arguments: &[&str], document: &[u8]) -> String {
    let path = format!("{}/tests/evovoice/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    child.stdin.take().unwrap().write_all(document).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(document));
    stdout(&output)
}

/// A file of which all is said.
const WHOLE: &str = "FileName=a.bin&Type=CallRecording&SessionId=s&CustomerId=c1&CustomerName=Carol\
                     &UserId=u&UserName=Ursula\
                     &RecordingSid=RE1&RecordingFrom=them&FromAddress=%2B1&ToAddress=%2B2\
                     &Transcription=hi&AITranscription=ho";

#[test]
fn a_list_in_xml_is_the_sample_of_the_service_to_the_letter() {
    let api = Api::start();
    api.file(WHOLE);
    let answer = api.get("/files.xml");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    let sample = include_bytes!("list.xml");
    assert_eq!(judged("outline.py", &[], &answer.body), judged("outline.py", &[], sample));
    let text = answer.text();
    assert!(text.starts_with("<ListResponseOfFileInfoS8MZGchS xmlns:i="), "{text}");
    for piece in [
        "<HasMorePages>false</HasMorePages><Items xmlns:d2p1=",
        "<d2p1:AITranscription>ho</d2p1:AITranscription><d2p1:AccountId>",
        "<d2p1:Type>CallRecording</d2p1:Type>",
        "<d4p1:CustomerBreadcrumb><d4p1:Id>c1</d4p1:Id><d4p1:Name>Carol</d4p1:Name></d4p1:CustomerBreadcrumb>",
        "</Items><TotalCount>1</TotalCount><TotalPages>1</TotalPages></ListResponseOfFileInfoS8MZGchS>",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
}

#[test]
fn what_is_not_there_is_nil_in_xml_and_left_out_elsewhere() {
    let api = Api::start();
    let id = text(&api.file("FileName=a")["id"]);
    let xml = api.get("/files.xml").text();
    for member in ["UserId", "CustomerBreadcrumb", "Transcription"] {
        assert!(xml.contains(&format!("<d2p1:{member} i:nil=\"true\"/>")), "{member}: {xml}");
    }
    let single = api.get(&format!("/files/{id}.xml"));
    let outline = judged("outline.py", &[], &single.body);
    let files = "http://schemas.datacontract.org/2004/07/Voice.Api.Files";
    let base = "http://schemas.datacontract.org/2004/07/Voice.Api";
    let lines: Vec<_> = outline.lines().collect();
    let root =
        format!("0 FileInfo xmlns={files} xmlns:i=http://www.w3.org/2001/XMLSchema-instance");
    assert_eq!(lines[0], root);
    let first = ["CreatedBy", "DateCreated", "DateLastModified", "Id", "LastModifiedBy"];
    assert_eq!(lines[1..6], first.map(|name| format!("1 {name} xmlns={base}")));
    assert_eq!(lines[6], "1 AITranscription i:nil=true");
    assert_eq!(lines.len(), 1 + 24);
    let mine = judged("outline.py", &[], &api.get("/app/files.xml").body);
    assert!(mine.starts_with(&format!("0 GetMyFilesResponse xmlns={files}")), "{mine}");
    assert!(mine.contains("\n1 Files\n2 FileInfo\n"), "{mine}");
    let json = api.json("/files");
    let members: Vec<_> = json["items"][0].as_object().unwrap().keys().cloned().collect();
    let there = [
        "accountId",
        "accountName",
        "contentLength",
        "contentType",
        "createdBy",
        "dateCreated",
        "dateLastModified",
        "fileName",
        "id",
        "lastModifiedBy",
        "recordingDuration",
        "type",
        "uri",
    ];
    assert_eq!(members, there);
}

#[test]
fn json_has_the_members_of_the_service_in_its_order() {
    let api = Api::start();
    let file = api.file(WHOLE);
    let id = text(&file["id"]);
    let told = api.get(&format!("/files/{id}"));
    assert_eq!(told.header("content-type"), Some("application/json"));
    let told = told.text();
    let order = [
        "type",
        "accountId",
        "accountName",
        "customerId",
        "customerName",
        "customerBreadcrumb",
        "userId",
        "userName",
        "fileName",
        "uri",
        "contentType",
        "contentLength",
        "recordingSid",
        "recordingDuration",
        "recordingFrom",
        "transcription",
        "fromAddress",
        "toAddress",
        "aiTranscription",
        "id",
        "dateCreated",
        "dateLastModified",
        "createdBy",
        "lastModifiedBy",
    ];
    let places: Vec<_> = order.iter().map(|name| told.rfind(&format!("\"{name}\":"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told}");
    assert_eq!(file["customerBreadcrumb"], json!([{"id": "c1", "name": "Carol"}]));
    assert_eq!(file["type"], "CallRecording");
    assert_eq!(file["accountName"], "acme");
    assert_eq!(file["contentLength"], 1);
    assert_eq!(file["createdBy"], file["lastModifiedBy"]);
    assert_eq!(file["dateCreated"], file["dateLastModified"]);
    assert!(text(&file["dateCreated"]).ends_with('Z'));
}

#[test]
fn csv_is_a_line_of_names_and_a_line_for_each_file() {
    let api = Api::start();
    api.file(WHOLE);
    api.file("FileName=%3D1%2B1%2C%22x%22&UserName=y%0Az");
    let answer = api.get("/files.csv?SortOrder=Ascend");
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), Some("attachment;filename=ListFiles.csv"));
    let rows: Value = serde_json::from_str(&judged("csv_rows.py", &[], &answer.body)).unwrap();
    assert_eq!(rows[0][0], "type");
    assert_eq!(rows[0].as_array().unwrap().len(), 24);
    assert_eq!(rows[1][5], "[{id:c1,name:Carol}]");
    assert_eq!((&rows[2][8], &rows[2][7]), (&json!("=1+1,\"x\""), &json!("y\nz")));
    assert_eq!(rows[2][3], "");
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(answer.text().starts_with("type,accountId,") && answer.text().ends_with("\r\n"));
    let mine = api.get("/app/files.csv");
    assert_eq!(mine.header("content-disposition"), Some("attachment;filename=GetMyFiles.csv"));
    assert_eq!(mine.text().lines().next(), answer.text().lines().next());
}

#[test]
fn jsv_is_json_without_most_quotes() {
    let api = Api::start();
    let id = text(&api.file(WHOLE)["id"]);
    let answer = api.get(&format!("/files/{id}.jsv"));
    assert_eq!(answer.header("content-type"), Some("text/jsv; charset=utf-8"));
    let told = answer.text();
    assert!(told.starts_with("{type:CallRecording,accountId:"), "{told}");
    for piece in [
        ",customerBreadcrumb:[{id:c1,name:Carol}],",
        ",uri:\"http://",
        ",contentLength:1,",
        ",aiTranscription:ho,",
    ] {
        assert!(told.contains(piece), "{piece}: {told}");
    }
    let list = api.get("/files?format=jsv").text();
    assert!(
        list.starts_with("{items:[{type:")
            && list.ends_with("],totalCount:1,totalPages:1,hasMorePages:false}"),
        "{list}"
    );
}

#[test]
fn a_suffix_goes_before_format_and_format_before_accept() {
    let api = Api::start();
    let id = text(&api.file("FileName=a")["id"]);
    let kind = |path: &str, accept: Option<&str>| {
        let request = api.request("GET", path);
        let request = match accept {
            Some(accept) => request.header("Accept", accept),
            None => request,
        };
        let answer = request.send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let varies = answer.header("vary").unwrap();
        assert!(varies.split(", ").any(|name| name == "Accept"), "{varies}");
        answer.header("content-type").unwrap().to_owned()
    };
    for path in ["/files", "/portal/files", "/app/files", &format!("/files/{id}")] {
        for (suffix, wanted) in [
            ("json", "application/json"),
            ("xml", "application/xml"),
            ("csv", "text/csv; charset=utf-8"),
            ("jsv", "text/jsv; charset=utf-8"),
        ] {
            assert_eq!(kind(&format!("{path}.{suffix}?format=csv"), Some("text/jsv")), wanted);
            assert_eq!(kind(&format!("{path}?FORMAT={suffix}"), Some("text/jsv")), wanted);
            assert_eq!(kind(path, Some(&format!("text/html, {wanted};q=0.9, */*;q=0.8"))), wanted);
        }
        assert_eq!(kind(path, None), "application/json");
        assert_eq!(kind(path, Some("image/png")), "application/json");
        assert_eq!(
            kind(path, Some("application/json;q=0.1, application/xml;q=0.2")),
            "application/xml"
        );
        assert_bad(&api.get(&format!("{path}?format=yaml")), "format");
        assert_refused(&api.get(&format!("{path}.html")), 404, "NotFound", "");
    }
    assert_refused(&api.get("/auth/token.html"), 404, "NotFound", "");
}

#[test]
fn jsonp_calls_a_function_and_nothing_else() {
    let api = Api::start();
    api.file(&format!("FileName={}", encoded("a\u{2028}b</script>")));
    let answer = api.get("/files?callback=jQuery_1.done");
    assert_eq!(answer.header("content-type"), Some("text/javascript"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let told = answer.text();
    let inner =
        told.strip_prefix("jQuery_1.done(").and_then(|rest| rest.strip_suffix(')')).unwrap();
    let list: Value = serde_json::from_str(inner).unwrap();
    assert_eq!(list["items"][0]["fileName"], "a\u{2028}b</script>");
    assert!(!told.contains('\u{2028}'));
    // It is a form of JSON alone.
    assert_eq!(api.get("/files.xml?callback=cb").header("content-type"), Some("application/xml"));
    for name in ["1a", "a()", "alert(1)//", "a%20b", "a;b", "%C3%A4", "a%E2%80%A8", "%3Cscript%3E"]
    {
        let refused = api.get(&format!("/files?callback={name}"));
        assert_bad(&refused, "callback");
        assert_eq!(refused.header("content-type"), Some("application/json"), "{name}");
    }
    let refused = api.get("/files?callback=cb&Page=x").text();
    assert!(refused.starts_with("cb({\"responseStatus\":"), "{refused}");
}

#[test]
fn errors_are_in_the_format_that_was_asked_for() {
    let api = Api::start();
    let error = |path: &str| {
        let answer = api.get(path);
        assert_eq!(answer.status, 400, "{}", answer.text());
        (answer.header("content-type").unwrap().to_owned(), answer.text())
    };
    let message = "must be a whole number from 0 to 2147483647";
    let (kind, told) = error("/files.xml?Page=x");
    assert_eq!(kind, "application/xml");
    judged("outline.py", &[], told.as_bytes());
    let wanted = format!(
        "<ErrorResponse xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns=\"http://schemas.servicestack.net/types\"><ResponseStatus><ErrorCode>BadRequest</ErrorCode>\
         <Message>Page: {message}</Message><Errors><ResponseError><ErrorCode>BadRequest</ErrorCode>\
         <FieldName>Page</FieldName><Message>{message}</Message></ResponseError></Errors></ResponseStatus>\
         </ErrorResponse>"
    );
    assert_eq!(told, wanted);
    let jsv = format!(
        "{{errorCode:BadRequest,message:\"Page: {message}\",errors:[{{errorCode:BadRequest,fieldName:Page,\
         message:{message}}}]}}"
    );
    assert_eq!(
        error("/files.jsv?Page=x"),
        ("text/jsv; charset=utf-8".into(), format!("{{responseStatus:{jsv}}}"))
    );
    let (kind, told) = error("/files.csv?Page=x");
    let rows: Value = serde_json::from_str(&judged("csv_rows.py", &[], told.as_bytes())).unwrap();
    assert_eq!(
        (kind.as_str(), &rows),
        ("text/csv; charset=utf-8", &json!([["responseStatus"], [jsv]]))
    );
    // Also what no route of the API has taken.
    let nowhere = api.get("/files/a/b/c.xml");
    assert_eq!((nowhere.status, nowhere.header("content-type")), (404, Some("application/xml")));
    let method = api.request("PUT", "/files").header("Accept", "text/jsv").send();
    assert_eq!(
        (method.status, method.header("content-type")),
        (405, Some("text/jsv; charset=utf-8"))
    );
    let nobody = api.server.get("/files.csv");
    assert_eq!(
        (nobody.status, nobody.header("content-type")),
        (401, Some("text/csv; charset=utf-8"))
    );
}
