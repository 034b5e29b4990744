//! What is JSON, and what is not.

use super::{Node, Value, read};

#[test]
fn reads_what_serde_json_reads() {
    for text in [
        "{}",
        "[]",
        " [1, -2, 0, 1.5, 1e3, -0.5E-2]\n",
        "{\"a\":{\"b\":[true,false,null,\"x\"]}}",
        "\"\\u00e4\\ud83d\\ude00\\n\\/\"",
        "\"\\\\\\\"\"",
        "{\t\"a\"\r\n:\t1}",
    ] {
        let document = read(text);
        assert_eq!(document.problems, [], "{text}");
        let theirs: serde_json::Value = serde_json::from_str(text).expect(text);
        assert_eq!(show(&document.root.expect(text)), theirs, "{text}");
    }
}

fn show(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).expect(text),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(show).collect(),
        Value::Object(members) => {
            serde_json::Value::Object(members.iter().map(|m| (m.key.clone(), show(&m.value))).collect())
        }
    }
}

#[test]
fn refuses_everything_else() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "// x\n{}",
        "{/* */}",
        "[1 2]",
        "{\"a\" 1}",
        "01",
        "+1",
        "1.",
        ".5",
        "0x1",
        "NaN",
        "Infinity",
        "1_000",
        "\"\\x41\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\u12\"",
        "\"\n\"",
        "\"a",
        "{} {}",
        "nul",
        "True",
        "\u{feff}{}",
        "\"\u{202e}\"",
        "12345678901234567890",
        "[1e]",
        "[1e999999999999999999]",
        "\u{a0}{}",
        "-",
        "\"\\u+123\"",
    ] {
        let document = read(text);
        assert!(document.root.is_none() && document.problems.len() == 1, "{text:?}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&deep).root.is_none());
}

#[test]
fn a_key_is_there_once() {
    for text in ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"x\":{\"\":1,\"\":1}}"] {
        assert_eq!(read(text).problems.len(), 1, "{text}");
    }
}
