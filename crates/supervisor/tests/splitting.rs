//! Command splitting: the verified rows of spec/config.md 4.3, and other implementations where they must agree.

use herder_supervisor::command::{Dialect, EmptyCommand, check_quotes, split};
use proptest::prelude::*;

/// Dialect, command, words.
type Row = (Dialect, &'static str, &'static [&'static str]);

use Dialect::{Posix, Windows};

/// The rows as the specification has them, quirks A1 and A2 included.
const VERIFIED: &[Row] = &[
    (
        Posix,
        r#"srv -a "b c" --d='e f'"#,
        &["srv", "-a", "b c", "--d=e f"],
    ),
    (Posix, r#"srv x"1 2"y'3 4'"#, &["srv", "x1 2y3 4"]),
    (Posix, r#"srv "" '' z"#, &["srv", "", "", "z"]),
    (Posix, r"srv a\ b C:\dir", &["srv", "a b", "C:dir"]),
    (Posix, r#"srv "q\"r \$s \n""#, &["srv", r#"q"r $s \n"#]),
    (
        Posix,
        r#"box --gpus '"device=2,3"'"#,
        &["box", "--gpus", r#""device=2,3""#],
    ),
    (Posix, "srv \\\n  --a 1 \\\n--b", &["srv", "--a", "1", "--b"]),
    (Posix, "srv --a=\\\nfoo", &["srv", "--a=", "foo"]),
    (Posix, "srv a\\\\\nb", &["srv", "a ", "b"]),
    (Posix, "srv\n# off\n  # off\n--on # x", &["srv", "--on", "#", "x"]),
    (Posix, "srv \"a\n# gone\nb\"", &["srv", "a\nb"]),
    (
        Posix,
        "srv $HOME ~ *.x a;b | c",
        &["srv", "$HOME", "~", "*.x", "a;b", "|", "c"],
    ),
    (Posix, "srv 'open", &["srv", "open"]),
    (
        Windows,
        r#""C:\Program Files\s.exe" -m C:\m\x"#,
        &[r"C:\Program Files\s.exe", "-m", r"C:\m\x"],
    ),
    (Windows, r#"srv "C:\d\" x"#, &["srv", r#"C:\d" x"#]),
    (Windows, r#"srv "C:\d\\" x"#, &["srv", r"C:\d\", "x"]),
    (
        Windows,
        r#"srv "a ""b"" c" 'd e'"#,
        &["srv", r#"a "b" c"#, "'d", "e'"],
    ),
    (Windows, r#"srv a\\"b c" a\\\"b"#, &["srv", r"a\b c", r#"a\"b"#]),
];

/// What the text of 4.2 and 4.3 says beyond those rows.
const FURTHER: &[Row] = &[
    (Posix, "a\tb\nc", &["a", "b", "c"]),
    (Posix, "a\rb\u{a0}c\u{b}d", &["a\rb\u{a0}c\u{b}d"]),
    (Posix, r"a \", &["a"]),
    (Posix, r#""a\`b\x""#, &[r"a`b\x"]),
    (Posix, r"'a\b'", &[r"a\b"]),
    (Posix, r#"""#, &[""]),
    (Posix, "x \\  \n y", &["x", "y"]),
    (Windows, "a\r\nb\tc", &["a", "b", "c"]),
    (Windows, r#""""#, &[""]),
    (Windows, r"a\b \\c\ d", &[r"a\b", r"\\c\", "d"]),
    (Windows, "srv ^\n# off\n--on", &["srv", "^", "--on"]),
];

#[test]
fn config_4_3_verified_splits() {
    for (dialect, command, words) in VERIFIED.iter().chain(FURTHER) {
        assert_eq!(
            split(command, *dialect).unwrap(),
            *words,
            "{dialect:?}: {command:?}"
        );
    }
}

#[test]
fn config_4_1_no_word_is_an_empty_command() {
    for command in ["", "  \n\t", "# only\n  # comments", "\\\n", "\n"] {
        assert_eq!(split(command, Posix), Err(EmptyCommand), "{command:?}");
    }
    assert_eq!(EmptyCommand.to_string(), "empty command");
}

#[test]
fn quirk_a4_unterminated_quotes_are_found() {
    for (dialect, command, open) in [
        (Posix, "srv 'open", Some('\'')),
        (Posix, "srv \"open 'x'", Some('"')),
        (Posix, r#"srv "x\""#, Some('"')),
        (Posix, r#"srv "it's" 'a"b'"#, None),
        (Posix, "srv \\'x", None),
        (Posix, "srv\n# it's off\n--on", None),
        (Windows, r#"srv "C:\d\" x"#, Some('"')),
        (Windows, "it's", None),
        (Windows, r#"srv "C:\d\\" x"#, None),
    ] {
        let found = check_quotes(command, dialect).err().map(|error| error.quote);
        assert_eq!(found, open, "{dialect:?}: {command:?}");
    }
    assert_eq!(
        check_quotes("a 'b", Posix).unwrap_err().to_string(),
        "unterminated ' quote"
    );
}

proptest! {
    // Half of all random texts have open quotes.
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::default() })]

    /// Whatever a shell library quotes comes back unchanged.
    #[test]
    fn posix_undoes_shlex_quoting(words in prop::collection::vec("[ -~é\t]{0,12}", 1..6)) {
        let quoted = shlex::try_join(words.iter().map(String::as_str)).expect("there are no zero bytes");
        // Comment lines and line continuations are ours alone.
        prop_assume!(!quoted.starts_with('#') && !quoted.trim_end().ends_with('\\'));
        prop_assert_eq!(split(&quoted, Posix).unwrap(), words);
    }

    /// Both split in the same way where shlex has no comments and no errors.
    #[test]
    fn posix_agrees_with_shlex(command in r#"[ab'"\\$ \t]{0,20}"#) {
        prop_assume!(!command.trim_end().ends_with('\\') && check_quotes(&command, Posix).is_ok());
        if let Some(words) = shlex::split(&command) {
            prop_assert_eq!(split(&command, Posix).unwrap_or_default(), words);
        }
    }

    /// Without doubled quotes, on which conventions differ, both split in the same way.
    #[test]
    fn windows_agrees_with_winsplit(command in r#"[ab'"\\ \t]{1,20}"#) {
        prop_assume!(!command.contains("\"\"") && !command.trim_end().ends_with('\\'));
        prop_assume!(check_quotes(&command, Windows).is_ok());
        prop_assert_eq!(split(&command, Windows).unwrap_or_default(), winsplit::split(&command));
    }

    /// Any text splits without a panic and never into more words than it has characters.
    #[test]
    fn any_text_splits(command in any::<String>()) {
        for dialect in [Posix, Windows] {
            let words = split(&command, dialect).unwrap_or_default();
            prop_assert!(words.len() <= command.chars().count());
        }
    }
}
