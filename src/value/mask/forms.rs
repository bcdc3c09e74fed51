//! The forms in which a secret is likely to be printed.
//!
//! Knows encodings, not searching. Every form is at least as long as the shortest secret that has
//! forms, so that no common text is taken for one.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Where `base64` and `openssl` break their lines.
const WRAPS: [usize; 2] = [76, 64];

/// Adds all forms of one secret.
pub(super) fn add_forms(secret: &str, forms: &mut Vec<Vec<u8>>) {
    let bytes = secret.as_bytes();
    let mut add = |form: Vec<u8>| {
        if form.len() >= super::SHORT {
            forms.push(form);
        }
    };
    add(bytes.to_vec());
    if secret.contains('\n') {
        for line in secret.lines() {
            add(line.trim().as_bytes().to_vec());
            add_escaped(line.trim(), &mut add);
        }
    }
    add_escaped(secret, &mut add);
    for alphabet in [STANDARD, URL_SAFE] {
        add_base64(bytes, alphabet, &mut add);
    }
    add(hex(bytes, b"0123456789abcdef"));
    add(hex(bytes, b"0123456789ABCDEF"));
}

/// URL, JSON and shell: equal to the secret itself where nothing in it needs escaping.
fn add_escaped(secret: &str, add: &mut impl FnMut(Vec<u8>)) {
    for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
        let url = percent(secret.as_bytes(), digits);
        add(replace(&url, "%20", "+"));
        // JavaScript's encodeURI leaves these as they are.
        add(replace(&url, "%2F", "/"));
        add(url);
    }
    if let Ok(json) = serde_json::to_string(secret) {
        let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        add(inner.replace('/', "\\/").into_bytes());
        if !inner.is_ascii() {
            add(ascii_json(inner));
        }
        add(inner.as_bytes().to_vec());
    }
    add(secret.replace('\'', r"'\''").into_bytes());
    add(secret.replace('\'', r#"'"'"'"#).into_bytes());
    add(backslashed(secret, |c| matches!(c, '"' | '$' | '`' | '\\')));
    add(backslashed(secret, |c| c.is_ascii() && !is_plain_in_shell(c)));
}

fn is_plain_in_shell(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c)
}

fn backslashed(text: &str, special: impl Fn(char) -> bool) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.into_bytes()
}

fn percent(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.push(b'%');
            push_hex(byte, digits, &mut out);
        }
    }
    out
}

fn replace(ascii: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(ascii).replace(from, to).into_bytes()
}

/// JSON with each character beyond ASCII as `\uXXXX`, as Python writes it.
fn ascii_json(inner: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    for c in inner.chars() {
        if c.is_ascii() {
            out.push(c as u8);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        }
    }
    out
}

fn push_hex(byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    out.extend([byte >> 4, byte & 15].iter().filter_map(|&d| digits.get(usize::from(d))));
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        push_hex(byte, digits, &mut out);
    }
    out
}

/// The secret alone, also with the line break that `echo` adds and with wrapped lines; and what it
/// becomes within other text, where only the characters that the neighbours can't change count.
fn add_base64(bytes: &[u8], alphabet: &[u8; 64], add: &mut impl FnMut(Vec<u8>)) {
    for end in [&b""[..], b"\n"] {
        let ended = [bytes, end].concat();
        add(base64(&ended, alphabet, false));
        let whole = base64(&ended, alphabet, true);
        for wrap in WRAPS.into_iter().filter(|&wrap| whole.len() > wrap) {
            whole.chunks(wrap).for_each(|line| add(line.to_vec()));
        }
        add(whole);
    }
    for before in 0..3 {
        let shifted = [&[0; 3][..before], bytes].concat();
        let all = base64(&shifted, alphabet, false);
        let kept = shifted.len() * 8 / 6;
        let from = [0, 2, 3][before];
        add(all.get(from..kept).unwrap_or_default().to_vec());
    }
}

fn base64(bytes: &[u8], alphabet: &[u8; 64], pad: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=group.len() {
            let sextet = (bits >> (18 - 6 * at)) & 63;
            out.extend(alphabet.get(sextet as usize));
        }
        if pad {
            out.extend(std::iter::repeat_n(b'=', 3 - group.len()));
        }
    }
    out
}
