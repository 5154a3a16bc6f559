//! One way to write a JSON value: keys sorted, no spaces, integers only.
//!
//! This is RFC 8785 (JCS) for what a leaf can hold: keys are ASCII, so that sorting by bytes is
//! sorting by UTF-16 units, and numbers are integers.

use serde_json::Value;

use crate::error::LedgerError;

pub(crate) fn to_bytes(value: &Value) -> Result<Vec<u8>, LedgerError> {
    let mut out = Vec::with_capacity(256);
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), LedgerError> {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                comma(i, out);
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            // Sorted here: whether the map is sorted depends on a feature of serde_json that any
            // crate of a build can switch.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push(b'{');
            for (i, (key, item)) in entries.into_iter().enumerate() {
                comma(i, out);
                scalar(key, out)?;
                out.push(b':');
                write(item, out)?;
            }
            out.push(b'}');
        }
        Value::Number(n) if n.is_f64() => return Err(LedgerError::BadLeaf),
        Value::Number(_) | Value::String(_) | Value::Bool(_) | Value::Null => scalar(value, out)?,
    }
    Ok(())
}

fn scalar(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) -> Result<(), LedgerError> {
    serde_json::to_writer(out, value).map_err(|_| LedgerError::BadLeaf)
}

fn comma(i: usize, out: &mut Vec<u8>) {
    if i > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_nothing_is_optional() {
        let value =
            json!({"b": [1, {"z": null, "a": true}], "a": "\u{8}\"\u{1f}é\u{7f}/", "B": -7});
        let text = String::from_utf8(to_bytes(&value).unwrap()).unwrap();
        // Escapes as in RFC 8785, section 3.2.2.2.
        assert_eq!(
            text,
            "{\"B\":-7,\"a\":\"\\b\\\"\\u001fé\u{7f}/\",\"b\":[1,{\"a\":true,\"z\":null}]}"
        );
        assert_eq!(to_bytes(&json!([1.5])), Err(LedgerError::BadLeaf));
    }
}
