//! CBOR (RFC 8949) as certificates use it, into a small tree.
//!
//! A map with the same key twice is refused, because two readers could take different values from it; so is what
//! is nested deeper than [`MAX_DEPTH`]. A length that is claimed reserves no memory.

use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

/// Deepest nesting; certificates need seven.
pub(crate) const MAX_DEPTH: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i64),
    Float(f64),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// The tag and what it is on.
    Tagged(u64, Box<Value>),
    Bool(bool),
    /// Null and undefined.
    Null,
}

impl Value {
    /// The one value that these bytes are; nothing may follow it.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Decoder::new(bytes);
        let value = value(&mut from, 0).ok()?;
        (from.position() == bytes.len()).then_some(value)
    }

    /// The value of a map under a whole number.
    pub(crate) fn at(&self, key: i64) -> Option<&Self> {
        self.find(&Self::Int(key))
    }

    /// The value of a map under a text; null counts as missing.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find_map(|(k, v)| {
            (matches!(k, Self::Text(t) if t == key) && *v != Self::Null).then_some(v)
        })
    }

    fn find(&self, key: &Self) -> Option<&Self> {
        self.entries()?.iter().find_map(|(k, v)| (k == key).then_some(v))
    }

    pub(crate) fn entries(&self) -> Option<&[(Self, Self)]> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    pub(crate) fn list(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// A text. A date may carry the tag that says so (RFC 8949, 3.4.1; RFC 8943).
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Tagged(0 | 1004, inner) => inner.text(),
            _ => None,
        }
    }

    pub(crate) fn int(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }

    /// A number of seconds, whole or not.
    pub(crate) fn seconds(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "the range that is used fits")]
            Self::Int(n) => Some(*n as f64),
            Self::Float(f) => Some(*f),
            Self::Tagged(1, inner) => inner.seconds(),
            _ => None,
        }
    }
}

fn value(from: &mut Decoder<'_>, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::message("nested too deep"));
    }
    Ok(match from.datatype()? {
        Type::Bool => Value::Bool(from.bool()?),
        Type::Null => from.null().map(|()| Value::Null)?,
        Type::Undefined => from.undefined().map(|()| Value::Null)?,
        Type::F16 => Value::Float(from.f16()?.into()),
        Type::F32 => Value::Float(from.f32()?.into()),
        Type::F64 => Value::Float(from.f64()?),
        Type::Bytes | Type::BytesIndef => Value::Bytes(bytes(from)?),
        Type::String | Type::StringIndef => Value::Text(text(from)?),
        Type::Array | Type::ArrayIndef => Value::Array(array(from, depth)?),
        Type::Map | Type::MapIndef => Value::Map(map(from, depth)?),
        Type::Tag => {
            let tag = from.tag()?.as_u64();
            Value::Tagged(tag, Box::new(value(from, depth + 1)?))
        }
        _ => Value::Int(from.i64()?),
    })
}

fn bytes(from: &mut Decoder<'_>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for part in from.bytes_iter()? {
        out.extend_from_slice(part?);
    }
    Ok(out)
}

fn text(from: &mut Decoder<'_>) -> Result<String, Error> {
    let mut out = String::new();
    for part in from.str_iter()? {
        out.push_str(part?);
    }
    Ok(out)
}

fn array(from: &mut Decoder<'_>, depth: usize) -> Result<Vec<Value>, Error> {
    let count = from.array()?;
    let mut items = Vec::new();
    while more(from, count, items.len())? {
        items.push(value(from, depth + 1)?);
    }
    Ok(items)
}

fn map(from: &mut Decoder<'_>, depth: usize) -> Result<Vec<(Value, Value)>, Error> {
    let count = from.map()?;
    let mut entries: Vec<(Value, Value)> = Vec::new();
    while more(from, count, entries.len())? {
        let key = value(from, depth + 1)?;
        if entries.len() >= 64 || entries.iter().any(|(k, _)| *k == key) {
            return Err(Error::message("a key twice, or too many"));
        }
        entries.push((key, value(from, depth + 1)?));
    }
    Ok(entries)
}

/// Is there another item? Of a length that is given, or until the break that ends an open one.
fn more(from: &mut Decoder<'_>, count: Option<u64>, so_far: usize) -> Result<bool, Error> {
    if let Some(count) = count {
        return Ok((so_far as u64) < count);
    }
    if from.datatype()? == Type::Break {
        from.skip()?;
        return Ok(false);
    }
    Ok(true)
}

/// Writes the head of a byte string, a text or an array: enough for what COSE has one sign.
pub(crate) fn head(major: u8, length: usize, to: &mut Vec<u8>) {
    let major = major << 5;
    match u32::try_from(length).unwrap_or(u32::MAX) {
        n @ 0..=23 => to.push(major | n.to_le_bytes()[0]),
        n @ 24..=0xff => to.extend([major | 0x18, n.to_le_bytes()[0]]),
        n @ 0x100..=0xffff => {
            to.push(major | 0x19);
            to.extend(&n.to_be_bytes()[2..]);
        }
        n => {
            to.push(major | 0x1a);
            to.extend(n.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_and_bytes_after_the_end_are_refused() {
        assert!(Value::read(&[0xa2, 0x01, 0x02, 0x03, 0x04]).is_some());
        assert_eq!(Value::read(&[0xa2, 0x01, 0x02, 0x01, 0x04]), None);
        assert_eq!(Value::read(&[0x01, 0x01]), None);
        assert_eq!(Value::read(&[]), None);
    }

    #[test]
    fn lengths_that_are_claimed_reserve_nothing() {
        // A byte string, an array and a map of 2^60 items.
        for major in [0x5b_u8, 0x9b, 0xbb] {
            let mut bytes = vec![major];
            bytes.extend((1_u64 << 60).to_be_bytes());
            assert_eq!(Value::read(&bytes), None);
        }
    }

    #[test]
    fn what_is_nested_deep_is_refused() {
        let mut deep = vec![0x81; 100_000];
        deep.push(0x01);
        assert_eq!(Value::read(&deep), None);
        assert_eq!(Value::read(&vec![0xc1; 100_000]), None);
    }

    #[test]
    fn open_lengths_and_dates_with_a_tag_are_read() {
        let open = Value::read(&[0xbf, 0x61, b'a', 0x9f, 0x01, 0xff, 0xff]).expect("a map");
        assert_eq!(open.get("a").and_then(Value::list), Some(&[Value::Int(1)][..]));
        let day = Value::read(&[0xc0, 0x64, b'2', b'0', b'2', b'1']).expect("a date");
        assert_eq!(day.text(), Some("2021"));
    }

    #[test]
    fn heads_are_the_shortest() {
        for (length, bytes) in [(23, vec![0x57]), (24, vec![0x58, 24]), (256, vec![0x59, 1, 0])] {
            let mut out = Vec::new();
            head(2, length, &mut out);
            assert_eq!(out, bytes);
        }
    }
}
