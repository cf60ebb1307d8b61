//! What is found in transcriptions.

use super::*;

#[test]
fn any_part_of_a_transcription_is_found_whatever_its_case_and_script() {
    let api = Api::start();
    let texts = [
        "Grüße aus KÖLN, Straße 7",
        "Привет, МИР",
        "ΟΔΥΣΣΕΥΣ",
        "電話会議の録音",
        "100% \"quoted\" OR NOT near* (a)",
        "ab",
        "i",
        "\u{1F600} ok",
        "",
    ];
    for (number, text) in texts.iter().enumerate() {
        let member = if number % 2 == 0 { "Transcription" } else { "AITranscription" };
        api.file(&format!("FileName={number}&{member}={}", encoded(text)));
    }
    for (part, wanted) in [
        ("grüsse", vec![]),
        ("GRÜẞE", vec!["0"]),
        ("köln", vec!["0"]),
        ("straẞe", vec!["0"]),
        ("привет, мир", vec!["1"]),
        ("ПР", vec!["1"]),
        ("οδυσσευσ", vec!["2"]),
        ("ευς", vec!["2"]),
        ("会議", vec!["3"]),
        ("録", vec!["3"]),
        ("の録音", vec!["3"]),
        ("0% \"q", vec!["4"]),
        ("\" or not NEAR* (", vec!["4"]),
        ("AB", vec!["5"]),
        ("b", vec!["5"]),
        ("b\u{1}", vec![]),
        ("7", vec!["0"]),
        ("😀", vec!["7"]),
        (" O", vec!["4", "7"]),
        ("zzz", vec![]),
        ("\0", vec![]),
        ("\"", vec!["4"]),
    ] {
        let query =
            format!("SortField=FileName&SortOrder=Ascend&TranscriptionContains={}", encoded(part));
        assert_eq!(api.names(&query), wanted, "{part:?}");
    }
}

#[test]
fn a_part_is_of_one_transcription_and_not_of_both_together() {
    let api = Api::start();
    api.file("FileName=a&Transcription=first&AITranscription=second");
    for part in ["first", "second", "st", "se"] {
        assert_eq!(api.names(&format!("TranscriptionContains={part}")), ["a"], "{part}");
    }
    for part in ["firstsecond", "tsecond", "ts", "t%01s"] {
        assert!(api.names(&format!("TranscriptionContains={part}")).is_empty(), "{part}");
    }
}

#[test]
fn the_index_follows_what_is_said_and_forgets_what_is_deleted() {
    let api = Api::start();
    let id = text(&api.file("FileName=a&Transcription=before")["id"]);
    let path = format!("/files/{id}");
    let found = |part: &str| !api.names(&format!("TranscriptionContains={part}")).is_empty();
    assert!(found("before") && found("be"));
    api.send(
        &api.manager,
        "PATCH",
        &path,
        &json!({"Transcription": "after", "AITranscription": "machine"}),
    );
    assert!(!found("before") && !found("be") && found("after") && found("af") && found("machine"));
    api.send(&api.manager, "PATCH", &path, &json!({"Transcription": ""}));
    assert!(!found("after") && found("machine"));
    // Through another API, so that nobody but the catalog sees to it.
    let other = format!("/core/v2/storage/files/{id}");
    assert_eq!(api.request("DELETE", &other).send().status, 204);
    assert!(!found("machine") && !found("ma"));
    let again = api.file("FileName=b");
    assert!(!found("machine"), "{again}");
}

#[test]
fn a_search_can_be_narrowed_ordered_and_paged_also_where_it_finds_much() {
    let api = Api::start();
    for number in 0..40 {
        let customer = number % 4;
        api.file(&format!(
            "FileName=f{number:02}&CustomerId=c{customer}&Transcription=word%20{number}"
        ));
    }
    let query = "TranscriptionContains=WORD&CustomerIds=c1,c2&SortField=FileName&SortOrder=Ascend";
    let wanted: Vec<_> =
        (0..40).filter(|n| [1, 2].contains(&(n % 4))).map(|n| format!("f{n:02}")).collect();
    assert_eq!(api.names(&format!("{query}&CountPerPage=7&Page=1")), wanted[7..14]);
    assert_eq!(api.names(&format!("{query}&All=true")), wanted);
    assert_eq!(api.json(&format!("/files?{query}&CountPerPage=7"))["totalPages"], 3);
}
