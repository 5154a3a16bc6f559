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

use utoipa::openapi::schema::{KnownFormat, SchemaFormat};

string_schema!(
    crate::Timestamp,
    "A moment in UTC, RFC 3339",
    SchemaFormat::KnownFormat(KnownFormat::DateTime)
);
string_schema!(crate::Division, "A division: CN-330106, CN-33, US-NY or JP");
string_schema!(crate::PersonName, "A name of 1 to 80 letters");
string_schema!(crate::Phone, "A phone number in E.164 form");
