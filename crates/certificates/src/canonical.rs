//! JSON in the one way in which it is signed (RFC 8785), for the values that seals hold.

use serde_json::Value;

/// The canonical text. `None` for a number that is not whole or larger than 2^53: no field of a seal has one, and two
/// readers could write it differently.
pub(crate) fn canonical(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&whole(number)?),
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(items) => separated(items.iter(), '[', ']', out, write)?,
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            separated(sorted.into_iter(), '{', '}', out, |(key, value), out| {
                out.push_str(&quoted(key));
                out.push(':');
                write(value, out)
            })?;
        }
    }
    Some(())
}

fn separated<T>(
    items: impl Iterator<Item = T>,
    open: char,
    close: char,
    out: &mut String,
    mut each: impl FnMut(T, &mut String) -> Option<()>,
) -> Option<()> {
    out.push(open);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(item, out)?;
    }
    out.push(close);
    Some(())
}

fn whole(number: &serde_json::Number) -> Option<String> {
    let number = number.as_i64()?;
    (number.unsigned_abs() <= 1 << 53).then(|| number.to_string())
}

/// `serde_json` escapes exactly what RFC 8785 has one escape, and in its letters.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_by_utf_16_and_nothing_is_escaped_that_need_not_be() {
        // RFC 8785, 3.2.3: its own example of an order that UTF-8 would have otherwise.
        let json: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"Oe"}"#,
        )
        .expect("JSON");
        let text = canonical(&json).expect("canonical");
        let order = ["Carriage", "One", "Control", "Oe", "Euro", "Smiley", "Dalet"];
        let places: Vec<usize> = order.iter().map(|w| text.find(w).expect(w)).collect();
        assert!(places.is_sorted(), "{text}");
        let json: Value =
            serde_json::from_str(r#"{"s":"/\u000f\n\"é\u007f","n":-5,"l":[true,null]}"#)
                .expect("JSON");
        assert_eq!(
            canonical(&json).as_deref(),
            Some("{\"l\":[true,null],\"n\":-5,\"s\":\"/\\u000f\\n\\\"é\u{7f}\"}")
        );
    }

    #[test]
    fn numbers_that_can_be_written_in_two_ways_are_refused() {
        for wrong in ["1.5", "1e300", "9007199254740993", "1.0"] {
            assert_eq!(canonical(&serde_json::from_str(wrong).expect("JSON")), None, "{wrong}");
        }
    }
}
