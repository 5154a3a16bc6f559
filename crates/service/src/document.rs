//! An identity document as it is typed.

use jadegate_domain::agency::UnknownName;
use jadegate_domain::{Document, DocumentType};
use serde::Deserialize;

use crate::error::FieldError;

/// A document as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DocumentInput {
    /// `resident_id`, `passport`, `hk_macao_permit`, `taiwan_permit`, `foreign_resident_card` or `other`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = DocumentType))]
    pub doc_type: String,
    /// Its number, unless `mrz` is given.
    #[serde(default)]
    pub number: String,
    /// Issuing country (alpha-3); China if left out.
    #[serde(default)]
    pub country: String,
    /// The machine-readable lines of a passport, in place of the number.
    #[serde(default)]
    pub mrz: Option<String>,
}

impl DocumentInput {
    /// Checks and normalises.
    pub fn parse(&self, today: jiff::civil::Date) -> std::result::Result<Document, FieldError> {
        let field = |code: &'static str, detail: String| FieldError {
            field: "document.number",
            code,
            detail,
        };
        let doc_type: DocumentType =
            self.doc_type.parse().map_err(|e: UnknownName| FieldError {
                field: "document.type",
                code: "document.unknown_type",
                detail: e.to_string(),
            })?;
        if let Some(mrz) = self.mrz.as_deref().filter(|m| !m.trim().is_empty()) {
            let (document, _) =
                Document::from_mrz(mrz, today).map_err(|e| field(e.code(), e.to_string()))?;
            return Ok(document);
        }
        let country = if self.country.is_empty() { "CHN" } else { &self.country };
        Document::on(today, doc_type, country, &self.number)
            .map_err(|e| field(e.code(), e.to_string()))
    }
}
