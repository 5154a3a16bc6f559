//! Identity documents. (The checks are completed in this module: GB 11643 and ICAO 9303.)

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// Document types, as seen in a deployed gateway.
    DocumentType, "type of document" {
        /// Resident identity card (GB 11643).
        ResidentId = "resident_id",
        /// Passport (ICAO 9303).
        Passport = "passport",
        /// Hong Kong or Macao permit.
        HkMacaoPermit = "hk_macao_permit",
        /// Taiwan permit.
        TaiwanPermit = "taiwan_permit",
        /// Foreign permanent resident card.
        ForeignResidentCard = "foreign_resident_card",
        /// Anything else that a counter accepts.
        Other = "other",
    }
}

/// A document that identifies a person. `Debug` shows the type only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    doc_type: DocumentType,
    country: String,
    number: String,
}

impl Document {
    /// What type it is.
    pub const fn doc_type(&self) -> DocumentType {
        self.doc_type
    }

    /// Issuing country, ISO 3166-1 alpha-3 (`CHN`).
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The normalised number. Only the vault needs it.
    pub fn reveal(&self) -> &str {
        &self.number
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}
