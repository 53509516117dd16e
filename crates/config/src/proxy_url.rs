//! Which texts are accepted as the address of a model server or peer: those that Go's URL parser accepts
//! (spec/config.md 2.7). Whether requests to it can succeed is another matter.

/// Why a text is no URL; `None` when it is one.
pub(crate) fn reject(url: &str) -> Option<&'static str> {
    if url.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Some("it contains a control character");
    }
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    if !is_escaped_well(fragment) {
        return Some("it contains a bad % escape");
    }
    if rest == "*" {
        return None;
    }
    let (has_scheme, rest) = match split_scheme(rest) {
        Err(reason) => return Some(reason),
        Ok(split) => split,
    };
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        if has_scheme {
            return None;
        }
        let first = rest.split('/').next().unwrap_or_default();
        if first.contains(':') {
            return Some("the first path segment contains a colon; the scheme is missing");
        }
    }
    let mut path = rest;
    if let Some(after) = rest
        .strip_prefix("//")
        .filter(|_| has_scheme || !rest.starts_with("///"))
    {
        let end = after.find('/').unwrap_or(after.len());
        if let Some(reason) = reject_authority(&after[..end]) {
            return Some(reason);
        }
        path = &after[end..];
    }
    (!is_escaped_well(path)).then_some("it contains a bad % escape")
}

fn split_scheme(url: &str) -> Result<(bool, &str), &'static str> {
    for (position, character) in url.char_indices() {
        match character {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if position > 0 => {}
            ':' if position == 0 => return Err("the protocol scheme is missing"),
            ':' => return Ok((true, &url[position + 1..])),
            _ => return Ok((false, url)),
        }
    }
    Ok((false, url))
}

fn reject_authority(authority: &str) -> Option<&'static str> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            if !user.bytes().all(allowed) || !is_escaped_well(user) {
                return Some("the user name contains an invalid character");
            }
            host
        }
        None => authority,
    };
    let port = if host.starts_with('[') {
        let Some(end) = host.rfind(']') else {
            return Some("a ']' is missing in the host");
        };
        &host[end + 1..]
    } else {
        host.rfind(':').map_or("", |colon| &host[colon..])
    };
    let digits = port.strip_prefix(':');
    if !port.is_empty() && !digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some("the port is not a number");
    }
    let allowed = |byte: u8| {
        !byte.is_ascii() || byte.is_ascii_alphanumeric() || b"-_.~!\"$&'()*+,;=:[]<>%".contains(&byte)
    };
    if !host.bytes().all(allowed) || !is_escaped_well(host) {
        return Some("the host name contains an invalid character");
    }
    None
}

fn is_escaped_well(text: &str) -> bool {
    let bytes = text.as_bytes();
    let escape_is_good = |(position, _): (usize, &u8)| {
        let digits = bytes.get(position + 1..position + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(escape_is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_accepted_and_rejected_as_in_2_7() {
        for url in [
            "http://10.0.0.2:81/v",
            "localhost:80",
            "/p",
            "h:80",
            "http://::1:80",
            "http://[::1]:80",
            "",
            "http://h",
        ] {
            assert_eq!(reject(url), None, "{url}");
        }
        for url in [
            "127.0.0.1:80",
            "http://h:x9",
            "http://h /",
            "http://h/%zz",
            "://x",
            "http://h\n",
            "http://[::1",
        ] {
            assert!(reject(url).is_some(), "{url}");
        }
    }
}
