//! Secrets in all their forms, whole and in pieces.

use proptest::prelude::*;

use super::*;

fn masker(secrets: &[&str]) -> Masker {
    Masker::new(secrets.iter().map(|&secret| secret.to_owned()))
}

fn streamed(masker: &Masker, text: &[u8], piece: usize) -> Vec<u8> {
    let mut stream = MaskStream::new(masker);
    let mut out = Vec::new();
    for piece in text.chunks(piece.max(1)) {
        out.extend_from_slice(&stream.push(piece));
    }
    out.extend(stream.finish());
    out
}

#[test]
fn no_secret_costs_no_copy() {
    assert!(matches!(masker(&[]).mask("text"), Cow::Borrowed("text")));
    assert!(matches!(masker(&["hunter22"]).mask("text"), Cow::Borrowed("text")));
}

#[test]
fn common_encodings_are_masked() {
    let masker = masker(&["p@ss w'rd/\"é"]);
    for form in [
        "p@ss w'rd/\"é",
        "p%40ss%20w%27rd%2F%22%C3%A9",
        "p%40ss+w%27rd%2f%22%c3%a9",
        r#"p@ss w'rd/\"é"#,
        r#"p@ss w'rd/\"\u00e9"#,
        r#"p@ss w'\''rd/"é"#,
        "cEBzcyB3J3JkLyLDqQ==",
        "cEBzcyB3J3JkLyLDqQ",
        "7040737320772772642f22c3a9",
        "7040737320772772642F22C3A9",
    ] {
        assert_eq!(masker.mask(&format!("<{form}>")), "<***>", "{form}");
    }
}

#[test]
fn base64_is_masked_at_every_alignment() {
    let secret = b"correct horse";
    let masker = masker(&["correct horse"]);
    for before in ["", "x", "xy", "xyz"] {
        let text = [before.as_bytes(), secret, b"tail"].concat();
        for alphabet in [
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        ] {
            let encoded = forms_base64(&text, alphabet);
            assert!(masker.mask(&encoded).contains("***"), "{encoded}");
        }
    }
}

fn forms_base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut bits: String =
        bytes.iter().flat_map(|byte| format!("{byte:08b}").into_bytes()).map(char::from).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let sextets = bits.as_bytes().chunks(6).map(|six| {
        let text = std::str::from_utf8(six).unwrap();
        alphabet[usize::from_str_radix(text, 2).unwrap()] as char
    });
    sextets.collect()
}

#[test]
fn each_line_of_a_long_secret_is_masked() {
    let masker = masker(&["-----BEGIN KEY-----\nabcdefgh\nxyz\n-----END KEY-----\n"]);
    assert_eq!(masker.mask("got abcdefgh"), "got ***");
    assert_eq!(masker.mask("xyz"), "xyz");
}

#[test]
fn a_line_break_at_the_end_is_no_part_of_a_secret() {
    assert_eq!(masker(&["hunter22\r\n"]).mask("hunter22!"), "***!");
}

#[test]
fn a_secret_that_starts_another_hides_no_rest() {
    let masker = masker(&["secret", "secretlonger"]);
    assert_eq!(masker.mask("secretlonger secret secretl"), "*** *** ***l");
    assert_eq!(streamed(&masker, b"secretlonger secret", 3), b"*** ***");
}

#[test]
fn overlapping_secrets_leave_nothing() {
    let masker = masker(&["abcdef", "defghi", "ghijkl"]);
    assert_eq!(masker.mask("<abcdefghijkl>"), "<***>");
    assert_eq!(streamed(&masker, b"<abcdefghijkl>", 1), b"<***>");
}

#[test]
fn short_secrets_are_masked_whole_or_said_to_be_too_short() {
    assert_eq!(masker(&["abcd"]).mask("abcd"), "***");
    assert!(masker(&["abcd"]).too_short());
    assert!(masker(&["1"]).is_empty() && masker(&["1"]).too_short());
    assert!(!masker(&[""]).too_short() && !masker(&["hunter22"]).too_short());
}

#[test]
fn only_the_start_of_a_secret_is_held_back() {
    let masker = masker(&["hunter22"]);
    let mut stream = MaskStream::new(&masker);
    assert_eq!(&*stream.push(b"a whole line\n"), b"a whole line\n");
    assert_eq!(&*stream.push(b"then hunt"), b"then ");
    assert_eq!(&*stream.push(b"ing"), b"hunting");
    assert_eq!(stream.finish(), b"");
}

#[test]
fn what_is_learnt_is_hidden_with_what_was_known_before() {
    let masker = masker(&["abcdef"]);
    let mut stream = MaskStream::new(&masker);
    assert_eq!(&*stream.push(b"abc"), b"");
    assert_eq!(&*stream.push(b"x defghi"), b"abcx defghi");
    masker.learn(["defghi".to_owned(), "ghijklmn".to_owned()]);
    assert_eq!(&*stream.push(b" abcdefghijkl"), b" ***");
    assert_eq!(&*stream.push(b"mn defghi"), b" ***");
    assert_eq!(stream.finish(), b"");
    assert_eq!(masker.mask("abcdef defghij"), "*** ***j");
}

#[test]
fn secrets_that_come_one_by_one_are_in_few_searches() {
    let masker = Masker::default();
    for number in 0..500 {
        masker.learn([format!("secret-number-{number}")]);
    }
    let layers = masker.known().layers.len();
    assert!(layers <= 14, "{layers}");
    for number in [0, 1, 250, 498, 499] {
        assert_eq!(masker.mask(&format!("<secret-number-{number}>")), "<***>");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_any_size_are_masked_as_the_whole(
        text in "[abc ]{0,60}", piece in 1_usize..9, one in "[abc]{6,9}", two in "[abc]{4,8}"
    ) {
        let masker = masker(&[&one, &two]);
        let text = format!("{text}{one}{two}{text}{one}{text}");
        let whole = masker.mask(&text).into_owned();
        prop_assert_eq!(streamed(&masker, text.as_bytes(), piece), whole.clone().into_bytes());
        prop_assert!(!whole.contains(&one) && !whole.contains(&two));
    }

    #[test]
    fn secrets_hide_the_same_learnt_together_or_one_by_one(
        text in "[abc ]{0,80}", secrets in prop::collection::vec("[abc]{4,9}", 1..12),
        piece in 1_usize..9
    ) {
        let together = Masker::new(secrets.clone());
        let apart = Masker::default();
        for secret in secrets {
            apart.learn([secret]);
        }
        let hidden = together.mask(&text).into_owned();
        prop_assert_eq!(&apart.mask(&text), &hidden);
        prop_assert_eq!(streamed(&apart, text.as_bytes(), piece), hidden.into_bytes());
    }
}
