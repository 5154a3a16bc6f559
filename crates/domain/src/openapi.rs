//! Schemas of the types that write themselves as one string, for the generated API document.

/// A string schema with a description.
macro_rules! string_schema {
    ($name:ty, $doc:expr $(, $format:expr)?) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($doc))
                    $(.format(Some($format)))?
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                let full = stringify!($name);
                full.rsplit(':').next().unwrap_or(full).trim().into()
            }
        }
    };
}
pub(crate) use string_schema;

/// One of some words, where they are no type of their own.
pub fn one_of<const N: usize>(
    words: [&'static str; N],
) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::Type::String)
        .enum_values(Some(words))
        .into()
}
