//! `; name=value` lists after a media type or a disposition (RFC 9110 section 5.6.6, RFC 7578 section 4.2).

/// The value of parameter `name`, unquoted; the name is compared without regard to case. `text` is the whole header
/// value, which begins with the media type or disposition itself.
pub(crate) fn parameter(text: &str, name: &str) -> Option<String> {
    let (_, mut rest) = text.split_once(';')?;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['=', ';']).unwrap_or(rest.len());
        let found = rest[..end].trim_end();
        if !rest[end..].starts_with('=') {
            rest = &rest[end..];
            continue;
        }
        let (value, after) = value(rest[end + 1..].trim_start_matches([' ', '\t']));
        if found.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

/// A quoted string or a token, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_end().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found() {
        for (text, name, expected) in [
            ("multipart/form-data; boundary=abc", "boundary", Some("abc")),
            (
                "multipart/form-data;BOUNDARY=\"a b;c\" ; x=1",
                "boundary",
                Some("a b;c"),
            ),
            (
                "multipart/form-data; charset=utf-8; boundary=abc ",
                "boundary",
                Some("abc"),
            ),
            ("form-data; name=\"mo\\\"del\"", "name", Some("mo\"del")),
            ("form-data; filename=\"name=x\"; name=y", "name", Some("y")),
            ("form-data; name", "name", None),
            ("form-data; flag; name=y", "name", Some("y")),
            ("form-data; name=\"open", "name", Some("open")),
            ("form-data", "name", None),
            ("form-data;;; ", "name", None),
        ] {
            assert_eq!(parameter(text, name).as_deref(), expected, "{text}");
        }
    }
}
