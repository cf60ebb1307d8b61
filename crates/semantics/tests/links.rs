//! The grammar of published links and their signatures by behaviour.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use semantics::link::{Address, Ending, Grammar, Link};
use semantics::signature::{Secret, end, expiry};
use uuid::Uuid;

const GRAMMAR: Grammar = Grammar {
    is_option: |name| {
        let known = ["f", "br", "rate", "ch", "p", "disposition", "disposition_name", "exp", "sig"];
        known.contains(&name)
    },
    stands_for: |extension| match extension {
        "wav" => vec![("f", "wav")],
        "ul" => vec![("f", "ulaw")],
        "wav16" => vec![("f", "wav"), ("rate", "16000"), ("ch", "1")],
        _ => Vec::new(),
    },
};

const SID: &str = "6e930ad8-c3d0-49db-801e-86d64fedd2c2";
const CONTAINER: &str = "a291fe99-43d6-446f-a63e-91f93030dc7e";

fn address(url: &str) -> Address {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Address::parse(path, query, &GRAMMAR).unwrap()
}

fn text(url: &str) -> String {
    address(url).signed_text(&GRAMMAR)
}

fn secret() -> Secret {
    Secret::new(b"0123456789abcdef0123456789abcdef").unwrap()
}

/// The vectors of apis/publish/README.md §9.
#[test]
fn the_contracts_vectors_hold() {
    for (url, signed, signature) in [
        (
            format!("/f/{SID}?exp=4102444800"),
            format!("/f/{SID}\nexp=4102444800"),
            "a2Ilt_pHAvvvHuGB9MNIuFxdmSWpGzV0uOFAJXdDgCI",
        ),
        (
            format!("/f/{SID}?f=mp3&br=32&exp=4102444800"),
            format!("/f/{SID}\nbr=32&exp=4102444800&f=mp3"),
            "R1xcxHYXIfSALrMOoCSIYOgxmQ6e-v_se7GlxpUMTvU",
        ),
        (
            format!(
                "/f/{SID}?disposition=attachment&exp=4102444800&disposition_name=r%C3%A9sum%C3%A9+a%2Bb.wav"
            ),
            format!(
                "/f/{SID}\ndisposition=attachment&disposition_name=r%C3%A9sum%C3%A9%20a%2Bb.wav&exp=4102444800"
            ),
            "HKCgWaycLjqR0buee1Yd9k27yKZCVG2GB29neFDIgk8",
        ),
        (
            format!("/c/{CONTAINER}/prompts/hold%20on.wav?rate=8000&f=wav&exp=4102444800"),
            format!("/c/{CONTAINER}/prompts/hold%20on.wav\nexp=4102444800&f=wav&rate=8000"),
            "_NMyepDLi44LlA0mmY5rZtOdaSkAOEk0ctttOCJRhLg",
        ),
    ] {
        assert_eq!(text(&url), signed);
        assert_eq!(secret().sign(&signed), signature, "{signed}");
        assert!(secret().verifies(&signed, signature), "{signed}");
    }
}

#[test]
fn what_says_the_same_is_signed_as_the_same() {
    let expected = format!("/f/{SID}\nch=1&exp=9&f=wav&rate=16000");
    for url in [
        format!("/f/{SID}?exp=9&f=wav&rate=16000&ch=1"),
        format!("/f/{SID}?utm=x&ch=1&rate=16000&f=wav&br=&exp=9&sig=abc"),
        format!("/f/{SID}.wav16?exp=9"),
        format!("/f/{SID}.WAV16?exp=9"),
        format!("/f/{SID}.ul?f=wav&rate=16000&ch=1&exp=9"),
        format!("/f/{}/prompt.wav16?exp=9", SID.to_uppercase()),
        format!("/f/{}/f=wav/exp=9/rate=16000/ch=1/sig=abc/prompt.wav", SID.replace('-', "")),
        format!("/f/{SID}/exp=9/rate=8000/ch=1/prompt.wav?rate=16000"),
    ] {
        assert_eq!(text(&url), expected, "{url}");
    }
    assert_eq!(text(&format!("/f/{SID}/prompt.ul")), format!("/f/{SID}\nf=ulaw"));
    assert_eq!(text(&format!("/f/{SID}?f=MP3&p=web")), format!("/f/{SID}\nf=MP3&p=web"));
    assert_eq!(
        text(&format!("/c/{CONTAINER}/hold%20on.wav")),
        format!("/c/{CONTAINER}/hold%20on.wav\n")
    );
}

#[test]
fn a_signature_is_right_in_one_form_alone() {
    let signed = format!("/f/{SID}\nexp=4102444800");
    let right = "a2Ilt_pHAvvvHuGB9MNIuFxdmSWpGzV0uOFAJXdDgCI";
    // The last character has two bits that nothing is in.
    for wrong in [
        format!("{right}="),
        right.replace('_', "/"),
        right[..42].to_owned() + "J",
        right[..42].into(),
    ] {
        assert!(!secret().verifies(&signed, &wrong), "{wrong}");
    }
    assert!(Secret::new(&[0; 31]).is_none());
    assert!(!format!("{:?}", secret()).contains("0123"));
}

#[test]
fn what_is_signed_within_a_window_ends_at_once() {
    assert_eq!(end(7200, 3600, 3600), 10800);
    assert_eq!([7201, 9000, 10800].map(|now| end(now, 3600, 3600)), [14400; 3]);
    assert_eq!(end(7201, 3600, 0), 10801);
    assert_eq!(end(u64::MAX, 1, 3600), u64::MAX);
    assert_eq!(expiry("4102444800"), Some(4_102_444_800));
    assert_eq!(["", "+1", "1.5", " 1", "1e3", "99999999999999999999"].map(expiry), [None; 6]);
}

/// Values as they may be: any text.
fn value() -> impl Strategy<Value = String> {
    "\\PC{1,12}"
}

fn option() -> impl Strategy<Value = (String, String)> {
    let names = ["f", "br", "rate", "ch", "p", "disposition", "disposition_name", "exp", "sig"];
    (prop::sample::select(names.to_vec()).prop_map(str::to_owned), value())
}

fn any_address() -> impl Strategy<Value = Address> {
    let sid = any::<u128>().prop_map(Uuid::from_u128);
    let query = || vec((("[a-z_ +&=é]{1,6}"), "\\PC{0,12}"), 0..4);
    let name = "[^=]{0,12}".prop_map(|name: String| name.replace(|c: char| c.is_control(), ""));
    let ending = prop_oneof![Just(Ending::Bare), name.prop_map(Ending::Name)];
    let by_sid = (sid.clone(), vec(option(), 0..4), ending, query());
    let by_sid = by_sid.prop_map(|(sid, path, ending, query)| Address {
        link: Link::Sid(sid),
        path,
        ending,
        query,
    });
    let suffix = (sid.clone(), "[a-z0-9]{1,6}", query());
    let suffix = suffix.prop_map(|(sid, suffix, query)| Address {
        link: Link::Sid(sid),
        path: Vec::new(),
        ending: Ending::Suffix(suffix),
        query,
    });
    let by_name = (sid, "\\PC{1,20}", query());
    let by_name = by_name.prop_map(|(container, name, query)| Address {
        link: Link::Name { container, name },
        path: Vec::new(),
        ending: Ending::Bare,
        query,
    });
    prop_oneof![by_sid, suffix, by_name]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(given in any_address()) {
        prop_assert_eq!(address(&given.to_string()), given);
    }

    #[test]
    fn the_query_and_the_path_are_signed_alike(options in vec(option(), 0..6)) {
        let sid = Link::Sid(Uuid::nil());
        let with = |path, query| Address { link: sid.clone(), path, ending: Ending::Bare, query };
        let (by_path, by_query) = (with(options.clone(), Vec::new()), with(Vec::new(), options));
        prop_assert_eq!(by_path.signed_text(&GRAMMAR), by_query.signed_text(&GRAMMAR));
    }

    #[test]
    fn any_change_breaks_the_signature(
        given in any_address(), changed in option(), other in any::<u128>(), shift in 0usize..43,
    ) {
        let text = given.signed_text(&GRAMMAR);
        let signature = secret().sign(&text);
        prop_assert!(secret().verifies(&text, &signature));

        let mut optioned = given.clone();
        optioned.query.insert(0, changed.clone());
        let says_so = given.in_force(&GRAMMAR).contains(&(&changed.0, &changed.1));
        let still_right = secret().verifies(&optioned.signed_text(&GRAMMAR), &signature);
        prop_assert_eq!(still_right, says_so || changed.0 == "sig");

        let mut moved = given.clone();
        match &mut moved.link {
            Link::Sid(sid) | Link::Name { container: sid, .. } => *sid = Uuid::from_u128(other),
        }
        prop_assert_eq!(secret().verifies(&moved.signed_text(&GRAMMAR), &signature), moved == given);
        if let Link::Name { name, .. } = &mut moved.link {
            name.push('x');
            prop_assert!(!secret().verifies(&moved.signed_text(&GRAMMAR), &signature));
        }

        let mut forged = signature.clone().into_bytes();
        forged[shift] = if forged[shift] == b'A' { b'Q' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        prop_assert!(!secret().verifies(&text, &forged));
    }

    #[test]
    fn no_text_is_no_link_and_does_no_harm(path in "\\PC{0,60}", query in "\\PC{0,40}") {
        if let Some(address) = Address::parse(&path, &query, &GRAMMAR) {
            let _ = address.signed_text(&GRAMMAR);
        }
        let tail = path.trim_start_matches('/');
        let _ = Address::parse(&format!("/f/{SID}/{tail}"), &query, &GRAMMAR);
    }
}
