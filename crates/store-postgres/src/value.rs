//! Values bound to statements. Numbers are `bigint`, whatever their type here, and each statement says
//! the types of its values itself, so that the database never has to guess them.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value of a column. Its `Debug` form tells the kind only: values may be of a person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// A list of numbers, for `= ANY`.
    Numbers(Vec<i64>),
    /// NULL, in a column of this kind.
    Null(Type),
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.kind())
    }
}

impl Value {
    /// Its type, as the statement declares it.
    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::Number(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Numbers(_) => Type::INT8_ARRAY,
            Self::Null(kind) => kind.clone(),
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Number(n) => n.to_sql(&Type::INT8, out),
            Self::Text(text) => text.to_sql(&Type::TEXT, out),
            Self::Bytes(bytes) => bytes.to_sql(&Type::BYTEA, out),
            Self::Numbers(all) => all.to_sql(&Type::INT8_ARRAY, out),
            Self::Null(_) => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        // What does not fit is refused by the database: the types are declared from the values.
        true
    }

    to_sql_checked!();
}

/// What can be a value.
pub(crate) trait Bind {
    /// The type of the column, also where there is no value.
    const KIND: Type;
    fn bind(&self) -> Value;
}

macro_rules! binds {
    ($($ty:ty, $kind:ident, |$v:ident| $value:expr;)*) => {$(
        impl Bind for $ty {
            const KIND: Type = Type::$kind;
            fn bind(&self) -> Value {
                let $v = self;
                $value
            }
        }
    )*};
}

binds! {
    i64, INT8, |n| Value::Number(*n);
    u32, INT8, |n| Value::Number(i64::from(*n));
    u16, INT8, |n| Value::Number(i64::from(*n));
    bool, INT8, |n| Value::Number(i64::from(*n));
    str, TEXT, |t| Value::Text(t.to_owned());
    String, TEXT, |t| Value::Text(t.clone());
    [u8], BYTEA, |b| Value::Bytes(b.to_vec());
    Vec<u8>, BYTEA, |b| Value::Bytes(b.clone());
    Vec<i64>, INT8_ARRAY, |all| Value::Numbers(all.clone());
}

impl<const N: usize> Bind for [u8; N] {
    const KIND: Type = Type::BYTEA;
    fn bind(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    const KIND: Type = T::KIND;
    fn bind(&self) -> Value {
        (**self).bind()
    }
}

impl<T: Bind> Bind for Option<T> {
    const KIND: Type = T::KIND;
    fn bind(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::KIND), Bind::bind)
    }
}

/// The values of a statement, in the order of their numbers.
pub(crate) trait Params: Send {
    fn values(self) -> Vec<Value>;
}

impl Params for Vec<Value> {
    fn values(self) -> Vec<Value> {
        self
    }
}

impl<T: Bind + Send, const N: usize> Params for [T; N] {
    fn values(self) -> Vec<Value> {
        self.iter().map(Bind::bind).collect()
    }
}

/// No values.
pub(crate) const NONE: [i64; 0] = [];

/// Values of different types.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Bind::bind(&$value)),*] };
}
pub(crate) use params;
