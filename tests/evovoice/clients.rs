//! The requests of ServiceStack's clients, as they send them: PascalCase or camelCase names, `Accept:
//! application/json`, a session kept in cookies or as a bearer token.

use super::*;

/// What JsonServiceClient and JsonApiClient send with every request.
fn as_client(request: Request) -> Request {
    request
        .header("Accept", "application/json")
        .header("User-Agent", "ServiceStack .NET Client 8.0")
}

#[test]
fn a_client_logs_in_uploads_finds_changes_and_deletes() {
    let api = Api::start();
    let post = |path: &str, body: &Value| {
        as_client(api.server.request("POST", path))
            .header("Content-Type", "application/json")
            .body(body.to_string().as_bytes())
    };
    // Authenticate { provider, UserName, Password, RememberMe }.
    let login = json!({"provider": "credentials", "UserName": "a@b.c", "Password": api.manager, "RememberMe": true});
    let session = post("/auth/credentials", &login).send();
    let id = text(&session.json()["sessionId"]);
    let cookies = format!("ss-id={id}; ss-pid={id}; ss-opt=perm");
    let with = |request: Request| as_client(request).header("Cookie", &cookies);
    // UploadFile { Data, FileName, ContentType, ConvertToWav }, of the JavaScript client.
    let upload = json!({"data": "aGVsbG8=", "fileName": "hello.txt", "contentType": "text/plain",
        "convertToWav": false});
    let made = post("/app/files", &upload).header("Cookie", &cookies).send().json();
    assert_eq!((&made["fileName"], &made["contentLength"]), (&json!("hello.txt"), &json!(5)));
    // ListFiles, its arguments in the query as the .NET client writes them.
    let query = "AccountIds=&CustomerIds=&FileName=hello&Type=Upload&Page=0&CountPerPage=25&SortField=FileName\
                 &SortOrder=Ascend&SimplifiedPaging=False&All=False";
    let list = with(api.server.request("GET", &format!("/files?{query}"))).send();
    assert_eq!(list.status, 200, "{}", list.text());
    assert_eq!(list.json()["items"][0]["id"], made["id"]);
    // The same of the JavaScript client: camelCase, lists as `[a,b]`.
    let query = format!("specificIds=[{}]&all=true&sortOrder=Descend", text(&made["id"]));
    let list = with(api.server.request("GET", &format!("/files?{query}"))).send().json();
    assert_eq!(list["totalCount"], 1);
    // NewFile with its content as the body, and as a form.
    let raw = with(api.server.request("POST", "/files?FileName=raw.bin")).body(b"raw").send();
    assert_eq!(raw.json()["fileName"], "raw.bin");
    let path = format!("/files/{}", text(&made["id"]));
    let patch = json!({"fileId": made["id"], "fileName": "renamed.txt", "customerId": "c1"});
    let patched =
        with(api.server.request("PATCH", &path)).header("Content-Type", "application/json");
    assert_eq!(patched.body(patch.to_string().as_bytes()).send().json()["fileName"], "renamed.txt");
    assert_eq!(with(api.server.request("GET", &path)).send().json()["customerId"], "c1");
    assert_eq!(with(api.server.request("GET", "/app/files?FileTypes=Upload")).send().status, 200);
    assert_eq!(
        with(api.server.request("GET", "/portal/files?FileNameFilter=renamed&Page=0"))
            .send()
            .json()["totalCount"],
        1
    );
    // RequestAuthToken, then the token as the client's BearerToken.
    let token =
        with(api.server.request("GET", "/auth/token?UserEmailAddress=a%40b.c")).send().json();
    let bearer = text(&token["authToken"]);
    assert_eq!(as_client(api.server.request("GET", "/files").token(&bearer)).send().status, 200);
    assert_eq!(with(api.server.request("DELETE", &path)).send().status, 204);
    // WebServiceException reads these.
    let gone = with(api.server.request("GET", &path)).send();
    let told = &gone.json()["responseStatus"];
    assert_eq!((gone.status, &told["errorCode"]), (404, &json!("NotFound")));
    assert!(!text(&told["message"]).is_empty());
}
