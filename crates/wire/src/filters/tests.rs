use super::*;

use serde_json::json;

/// Applies `strip` and `set` and compares the texts.
#[track_caller]
fn check(strip: &[&str], set: &Value, body: &'static str, expected: &str) {
    let strip: Vec<String> = strip.iter().map(|&key| key.to_owned()).collect();
    let set = settings(set);
    let edits = Edits {
        strip: &strip,
        set: Some(&set),
        ..Edits::default()
    };
    let pieces = apply(&Bytes::from_static(body.as_bytes()), &edits).expect("the filters are applicable");
    assert_eq!(
        String::from_utf8_lossy(&pieces.to_vec()),
        expected,
        "strip {strip:?} set {set:?} {body}"
    );
}

fn settings(set: &Value) -> IndexMap<String, Value> {
    let members = set.as_object().into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[test]
fn config_7_5_examples() {
    struct Row {
        rename: Option<&'static str>,
        strip: &'static [&'static str],
        set: Value,
        by_id: Value,
        body: &'static str,
        expected: &'static str,
    }
    let rows = [
        Row {
            rename: None,
            strip: &["temperature"],
            set: json!({"temperature": 1.0}),
            by_id: json!(null),
            body: r#"{"model":"koi","temperature":0.5,"n":1}"#,
            expected: r#"{"model":"koi","n":1,"temperature":1}"#,
        },
        Row {
            rename: None,
            strip: &[],
            set: json!({"t": 1}),
            by_id: json!({"t": 2}),
            body: r#"{"model":"koi"}"#,
            expected: r#"{"model":"koi","t":2}"#,
        },
        Row {
            rename: None,
            strip: &[],
            set: json!(null),
            by_id: json!({"effort": "high"}),
            body: r#"{"model":"koi:hi"}"#,
            expected: r#"{"model":"koi:hi","effort":"high"}"#,
        },
        Row {
            rename: Some("up/x"),
            strip: &[],
            set: json!(null),
            by_id: json!({"e": 1}),
            body: r#"{"model":"koi:hi"}"#,
            expected: r#"{"model":"up/x","e":1}"#,
        },
        Row {
            rename: None,
            strip: &[],
            set: json!({"x.y": 9}),
            by_id: json!(null),
            body: r#"{"model":"koi","x":{"y":1,"z":2}}"#,
            expected: r#"{"model":"koi","x":{"y":9,"z":2}}"#,
        },
        Row {
            rename: None,
            strip: &["model"],
            set: json!({"model": "q", "k": 1}),
            by_id: json!(null),
            body: r#"{"model":"koi"}"#,
            expected: r#"{"model":"koi","k":1}"#,
        },
        // spec/http-api.md 7.3, cases 25 and 26
        Row {
            rename: None,
            strip: &["meta.tag", "temperature"],
            set: json!({"top_p": 0.9}),
            by_id: json!({"reasoning.effort": "high", "top_p": 0.1}),
            body: r#"{"model":"orca-think","temperature":1,"meta":{"tag":"t","k":1},"z":1}"#,
            expected: r#"{"model":"orca-think","meta":{"k":1},"z":1,"top_p":0.1,"reasoning":{"effort":"high"}}"#,
        },
    ];
    for row in rows {
        let strip: Vec<String> = row.strip.iter().map(|&key| key.to_owned()).collect();
        let (set, by_id) = (settings(&row.set), settings(&row.by_id));
        let edits = Edits {
            rename: row.rename,
            strip: &strip,
            set: Some(&set),
            set_by_id: Some(&by_id),
        };
        let pieces =
            apply(&Bytes::from_static(row.body.as_bytes()), &edits).expect("the filters are applicable");
        assert_eq!(
            String::from_utf8_lossy(&pieces.to_vec()),
            row.expected,
            "{}",
            row.body
        );
    }
}

#[test]
fn config_7_5_set_paths() {
    for (set, body, expected) in [
        // nested, created, through a scalar
        (json!({"a.b": 1}), r#"{"a":{}}"#, r#"{"a":{"b":1}}"#),
        (json!({"a.b.c": 1}), "{}", r#"{"a":{"b":{"c":1}}}"#),
        (json!({"a.b": 1}), r#"{"a":5,"z":0}"#, r#"{"a":{"b":1},"z":0}"#),
        (json!({"a.b": 1}), r#"{"a":null}"#, r#"{"a":{"b":1}}"#),
        (json!({"a.b": 1}), r#"{"a":"x"}"#, r#"{"a":{"b":1}}"#),
        // literal dot
        (
            json!({r"a\.b": 1}),
            r#"{"a":{"b":2}}"#,
            r#"{"a":{"b":2},"a.b":1}"#,
        ),
        // arrays
        (json!({"list.0": 9}), r#"{"list":[1, 2]}"#, r#"{"list":[9, 2]}"#),
        (
            json!({"list.1.x": 9}),
            r#"{"list":[1,{"x":2}]}"#,
            r#"{"list":[1,{"x":9}]}"#,
        ),
        (
            json!({"list.-1": 9}),
            r#"{"list":[1, 2 ]}"#,
            r#"{"list":[1, 2,9 ]}"#,
        ),
        (json!({"list.-1": 9}), r#"{"list":[]}"#, r#"{"list":[9]}"#),
        (
            json!({"list.3": 9}),
            r#"{"list":[1]}"#,
            r#"{"list":[1,null,null,9]}"#,
        ),
        (json!({"list.2.x": 9}), "{}", r#"{"list":[null,null,{"x":9}]}"#),
        (json!({"list.-1": 9}), "{}", r#"{"list":[9]}"#),
        (json!({"list.0": 9}), r#"{"list":"scalar"}"#, r#"{"list":[9]}"#),
        // numbers below objects are names
        (json!({"o.1": 9}), r#"{"o":{"1":2}}"#, r#"{"o":{"1":9}}"#),
        (json!({"o.-1": 9}), r#"{"o":{}}"#, r#"{"o":{"-1":9}}"#),
        (json!({"o.:1": 9}), "{}", r#"{"o":{"1":9}}"#),
        (json!({":1": 9}), "{}", r#"{"1":9}"#),
        (json!({"1": 9}), "{}", r#"{"1":9}"#),
        // wildcards
        (
            json!({"temp*": 1}),
            r#"{"temperature":0.5}"#,
            r#"{"temperature":1}"#,
        ),
        (json!({"temp*": 1}), r#"{"top_p":0.5}"#, r#"{"top_p":0.5}"#),
        (
            json!({"?": 1}),
            r#"{"ab":0,"b":0,"c":0}"#,
            r#"{"ab":0,"b":1,"c":0}"#,
        ),
        (
            json!({"o|t*": 1}),
            r#"{"o":{"s":0,"t":0}}"#,
            r#"{"o":{"s":0,"t":1}}"#,
        ),
        (json!({"l*.1": 1}), r#"{"list":[0,0,0]}"#, r#"{"list":[0,1,0]}"#),
        (json!({"l*.7": 1}), r#"{"list":[0]}"#, r#"{"list":[0]}"#),
        (json!({"list.#": 1}), r#"{"list":[0]}"#, r#"{"list":[0]}"#),
        (
            json!({"user@host": 1}),
            r#"{"user@host":0}"#,
            r#"{"user@host":1}"#,
        ),
        (json!({"@this": 1}), r#"{"a":0}"#, r#"{"a":0}"#),
        (json!({"a.t*": 1}), r#"{"a":5}"#, r#"{"a":5}"#),
        // place, duplicates, escapes
        (
            json!({"k": 1}),
            r#"{"k":0,"m":0,"k":0}"#,
            r#"{"k":1,"m":0,"k":0}"#,
        ),
        (json!({"key": 1}), r#"{"\u006bey":0}"#, r#"{"\u006bey":1}"#),
        (json!({"k\"é": "v\n"}), "{}", r#"{"k\"é":"v\n"}"#),
        // several edits of one place
        (
            json!({"x": {"a": 1, "b": 1}, "x.b": 2, "x.c": 3}),
            "{}",
            r#"{"x":{"a":1,"b":2,"c":3}}"#,
        ),
        (json!({"x.a": 1, "x.b": 2}), "{}", r#"{"x":{"a":1,"b":2}}"#),
        (json!({"l.1": 1, "l.0": 2}), "{}", r#"{"l":[2,1]}"#),
        // white space stays
        (
            json!({"b": 1}),
            "\n{\n  \"a\" : 1.50\n}\n",
            "\n{\n  \"a\" : 1.50,\"b\":1\n}\n",
        ),
        (json!({"b": 1}), "{ }", "{\"b\":1 }"),
        (
            json!({"a": 1}),
            "{ \"a\" : [ 1 , 2 ] , \"z\":1e2}",
            "{ \"a\" : 1 , \"z\":1e2}",
        ),
    ] {
        check(&[], &set, body, expected);
    }
}

#[test]
fn config_7_5_strip_paths() {
    for (strip, body, expected) in [
        (&["a"][..], r#"{"a":1}"#, "{}"),
        (&["a"], r#"{"a":1,"b":2,"c":3}"#, r#"{"b":2,"c":3}"#),
        (&["b"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"c":3}"#),
        (&["c"], r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":2}"#),
        (&["a", "b"], r#"{"a":1 , "b":2 , "c":3 }"#, r#"{ "c":3 }"#),
        (&["a", "b", "c"], r#"{"a":1,"b":2,"c":3}"#, "{}"),
        (&["c"], "{\n  \"a\": 1,\n  \"c\": 3\n}", "{\n  \"a\": 1\n}"),
        (&["a"], "{\n  \"a\": 1,\n  \"c\": 3\n}", "{\n  \"c\": 3\n}"),
        (&["a.b"], r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{}}"#),
        (&[r"a\.b"], r#"{"a":{"b":1},"a.b":1}"#, r#"{"a":{"b":1}}"#),
        (&["l.0"], r#"{"l":[1,2,3]}"#, r#"{"l":[2,3]}"#),
        (&["l.-1"], r#"{"l":[1,2,3]}"#, r#"{"l":[1,2]}"#),
        (&["l.-1"], r#"{"l":[]}"#, r#"{"l":[]}"#),
        (&["l.1.x"], r#"{"l":[1,{"x":1}]}"#, r#"{"l":[1,{}]}"#),
        (
            &["l.3", "l.x", "l.x.y", "a.b", "zz"],
            r#"{"l":[1], "a" : 1}"#,
            r#"{"l":[1], "a" : 1}"#,
        ),
        (&["k"], r#"{"k":0,"m":0,"k":1}"#, r#"{"m":0,"k":1}"#),
        (&["model", ":model"], r#"{"model":"koi"}"#, r#"{"model":"koi"}"#),
    ] {
        check(strip, &json!(null), body, expected);
    }
}

#[test]
fn config_7_5_strip_then_set_in_an_emptied_object() {
    check(&["a", "b"], &json!({"c": 1}), r#"{"a":1, "b":2 }"#, r#"{"c":1 }"#);
    check(&["l.0"], &json!({"l.-1": 7}), r#"{"l":[1]}"#, r#"{"l":[7]}"#);
}

#[test]
fn config_7_5_rename_hits_every_model_and_comes_first() {
    let strip = ["n".to_owned()];
    for (strip, body, expected) in [
        (
            &strip[..],
            r#"{"model":"a","n":1,"model":2}"#,
            r#"{"model":"up","model":"up"}"#,
        ),
        (
            &[],
            r#"{"model":"a","n":1,"model":2}"#,
            r#"{"model":"up","n":1,"model":"up"}"#,
        ),
    ] {
        let edits = Edits {
            rename: Some("up"),
            strip,
            ..Edits::default()
        };
        let pieces = apply(&Bytes::from_static(body.as_bytes()), &edits).expect("the filters are applicable");
        assert_eq!(pieces.to_vec(), expected.as_bytes());
    }
}

#[test]
fn config_7_5_errors() {
    let body = Bytes::from_static(br#"{"model":"koi","l":[1]}"#);
    for key in ["temp*", "a.?", "#", "@x", "a|b"] {
        let strip = [key.to_owned()];
        let error = apply(
            &body,
            &Edits {
                strip: &strip,
                ..Edits::default()
            },
        )
        .expect_err(key);
        assert_eq!(
            error.to_string(),
            format!("error stripping parameter {key} from request")
        );
        assert_eq!(
            error,
            EditError::Strip {
                parameter: key.to_owned(),
                reason: Reason::Wildcard
            }
        );
    }
    for (key, reason) in [
        ("", Reason::Empty),
        ("l.x", Reason::NotAnIndex { part: "x".to_owned() }),
        (
            "l.10000",
            Reason::IndexTooLarge {
                index: "10000".to_owned(),
            },
        ),
        (
            "new.10000",
            Reason::IndexTooLarge {
                index: "10000".to_owned(),
            },
        ),
    ] {
        let set = settings(&json!({key: 1}));
        let error = apply(
            &body,
            &Edits {
                set_by_id: Some(&set),
                ..Edits::default()
            },
        )
        .expect_err(key);
        assert_eq!(
            error.to_string(),
            format!("error setting parameter {key} in request")
        );
        assert_eq!(
            error,
            EditError::Set {
                parameter: key.to_owned(),
                reason
            }
        );
    }
}

#[test]
fn decisions_n6_malformed_bodies_stay_untouched() {
    let strip = ["n".to_owned()];
    let set = settings(&json!({"k": 1}));
    let edits = Edits {
        rename: Some("up"),
        strip: &strip,
        set: Some(&set),
        set_by_id: None,
    };
    for body in [
        r#"{"model":"koi","n":1"#,
        r#"{"model":"koi","n":1}}"#,
        r#"{"model":"koi",}"#,
        r#"{"model":"koi" "n":1}"#,
        r#"{"model":"koi","n":01}"#,
        r#"{"model":"koi","n":[1 2]}"#,
        r#"["model"]"#,
        r#""model""#,
        "nonsense",
        "",
    ] {
        let body = Bytes::from_static(body.as_bytes());
        let pieces = apply(&body, &edits).expect("nothing is applied");
        assert!(pieces.is_single());
        assert_eq!(pieces.to_bytes(), body);
    }
}

#[test]
fn untouched_text_is_the_same_memory() {
    let image = "A".repeat(100_000);
    let body = Bytes::from(format!(r#"{{"model":"koi","n":1,"image":"{image}","z":0}}"#));
    let strip = ["n".to_owned(), "absent".to_owned()];
    let set = settings(&json!({"k": 1}));
    let pieces = apply(
        &body,
        &Edits {
            strip: &strip,
            set: Some(&set),
            ..Edits::default()
        },
    )
    .expect("applicable");
    let shared: usize = pieces
        .into_iter()
        .filter(|piece| body.as_ptr_range().contains(&piece.as_ptr()))
        .map(|p| p.len())
        .sum();
    assert_eq!(shared, body.len() - r#","n":1"#.len());

    let untouched = apply(
        &body,
        &Edits {
            strip: &strip[1..],
            ..Edits::default()
        },
    )
    .expect("applicable");
    assert!(untouched.is_single());
    assert_eq!(untouched.to_bytes().as_ptr(), body.as_ptr());
    assert_eq!(
        apply(&body, &Edits::default())
            .expect("nothing to do")
            .to_bytes()
            .as_ptr(),
        body.as_ptr()
    );
}

#[test]
fn limits_hold_and_deep_nesting_costs_no_stack() {
    let set = settings(&json!({"k": 1, "deep.0.0": 2}));
    let edits = Edits {
        set: Some(&set),
        ..Edits::default()
    };
    let depth = 200_000;
    let deep = format!(r#"{{"deep":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let edited = apply(&Bytes::from(deep), &edits).expect("applicable");
    assert_eq!(edited.to_vec(), br#"{"deep":[[2]],"k":1}"#);

    let crowded = vec![r#""a":0"#; MAX_ENTRIES + 1].join(",");
    let crowded = Bytes::from(format!("{{{crowded}}}"));
    let error = apply(&crowded, &edits).expect_err("too many members");
    let parameter = "k".to_owned();
    assert_eq!(
        error,
        EditError::Set {
            parameter,
            reason: Reason::TooManyEntries
        }
    );

    let renamed = Edits {
        rename: Some("up"),
        ..edits
    };
    let error = apply(&crowded, &renamed).expect_err("too many members");
    assert_eq!(
        error,
        EditError::Rename {
            reason: Reason::TooManyEntries
        }
    );
    assert!(
        error
            .to_string()
            .starts_with("error rewriting model name in JSON: ")
    );
}

#[test]
fn a_rename_alone_has_no_limit_on_members() {
    let crowded = vec![r#""a":0"#; MAX_ENTRIES + 1].join(",");
    let body = Bytes::from(format!(r#"{{{crowded},"model":"koi"}}"#));
    let edits = Edits {
        rename: Some("up"),
        ..Edits::default()
    };
    let edited = apply(&body, &edits).expect("applicable").to_vec();
    assert!(edited.ends_with(br#""a":0,"model":"up"}"#));
}
