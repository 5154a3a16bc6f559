//! JSON Schema of the files, so that editors complete and check while somebody writes. It is made
//! of the same tables of keys (`keys`) as the readers are.

use serde_json::{Value, json};

use crate::file::form::Schema;
use crate::file::key::Table;
use crate::file::keys::cases::Cases;
use crate::file::keys::policy::Policy;

/// The schema of policy files, as JSON text.
pub fn policy_schema() -> String {
    whole::<Policy>("Jadegate policy file")
}

/// The schema of case files, as JSON text.
pub fn cases_schema() -> String {
    whole::<Cases>("Jadegate case file")
}

fn whole<T: Table>(title: &str) -> String {
    let mut root = Schema::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!(title));
    root.extend(T::schema());
    let mut text = serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
