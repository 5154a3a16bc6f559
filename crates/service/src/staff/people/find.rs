//! Finding one person by what they show.

use jadegate_domain::{AgencyId, Division, Holder, HolderId, Phone, Purpose};
use jadegate_store::{IndexKind, TubeOwner};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::author::Author;
use crate::brake::{Signed, outside};
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::named::AssessmentView;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Look, Power, no_such_holder};
use crate::staff::what::What;
use crate::staff::wrong;

/// Whom something is about, as typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "WhomFields")]
pub enum Whom {
    /// The opaque id, as other answers gave it.
    Holder(HolderId),
    /// The document they showed.
    Document(DocumentInput),
    /// Their phone.
    Phone(String),
    /// Named in no way.
    Unnamed,
    /// Named in several ways: leads to nobody.
    Unclear,
}

/// A person, named by id, document or phone: exactly one of them.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct WhomFields {
    #[serde(default)]
    holder: Option<HolderId>,
    #[serde(default)]
    document: Option<DocumentInput>,
    #[serde(default)]
    phone: Option<String>,
}

impl From<WhomFields> for Whom {
    fn from(fields: WhomFields) -> Self {
        match fields {
            WhomFields { holder: Some(h), document: None, phone: None } => Self::Holder(h),
            WhomFields { holder: None, document: Some(d), phone: None } => Self::Document(d),
            WhomFields { holder: None, document: None, phone: Some(p) } => Self::Phone(p),
            WhomFields { holder: None, document: None, phone: None } => Self::Unnamed,
            _ => Self::Unclear,
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Whom {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        WhomFields::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Whom {
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        WhomFields::schemas(schemas);
    }
}

/// Somebody whom an id, a document or a phone led to.
pub(crate) struct Located {
    pub(crate) holder: Holder,
    /// The digest of the document, if it was a document: what is recorded is about its owner.
    pub(crate) document: Option<[u8; 16]>,
}

/// Whom a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// A person.
    Person(HolderId),
    /// Whoever owns this document, which leads to nobody yet, or whoever's tube this is.
    Owner([u8; 16]),
}

/// The same, with how it was found.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) subject: Subject,
    /// The digest of the document, if it was a document.
    pub(crate) document: Option<[u8; 16]>,
    /// The key of the tube, if it was a tube, and whose it is, if that was said.
    pub(crate) tube: Option<([u8; 16], Option<TubeOwner>)>,
    /// Where they live, if that is known.
    pub(crate) home: Option<Division>,
    /// Whoever records learns nothing of them.
    pub(crate) silent: bool,
}

impl Signed {
    /// Of whom it is about: a document has to lead to them still, and where they live is told.
    pub(crate) fn of(self, author: &Author, about: &About) -> Self {
        let document = match about.subject {
            Subject::Person(_) => about.document,
            Subject::Owner(_) => None,
        };
        let home = about.home.as_ref();
        let signed = self.of_document(document).of_tube(about.tube);
        signed.at(home.and_then(|h| outside(&author.region, h)))
    }
}

/// A person found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FoundHolder {
    /// Who, opaquely.
    pub holder: HolderId,
    /// Name, masked.
    pub name_masked: String,
    /// Where they live.
    pub home_name: String,
    /// Their colour and why.
    pub assessment: AssessmentView,
}

impl App {
    /// Finds one person by document or phone. Logged for the person, counted for the asker; an
    /// unknown person and one outside the region are told apart by nobody.
    pub async fn find_holder(
        &self,
        session: &StaffSession,
        whom: &Whom,
        purpose: Purpose,
    ) -> Result<FoundHolder> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let Located { holder, .. } = self.locate(&staff.region, whom).await?;
        let look = Look { power: Power::FindPerson, purpose, what: What::Identity };
        let person = self.open_person(session, holder.id, look).await?;
        Ok(FoundHolder {
            holder: person.id(),
            name_masked: person.name_masked(),
            home_name: self.division_name(person.home()),
            assessment: self.named_assessment(self.assessment(person.id()).await?).await?,
        })
    }

    /// The holder inside a region whom an id, a document or a phone leads to. Tells nothing about
    /// them; what a caller may say of them is the caller's business.
    pub(crate) async fn locate(&self, region: &Division, whom: &Whom) -> Result<Located> {
        let mut document = None;
        let id = match whom {
            Whom::Holder(id) => Some(self.main_record(*id).await?),
            Whom::Document(input) => {
                let digest = self.deployment.keys.document_index(&self.read_document(input)?);
                document = Some(digest);
                self.store.indexed_holder(IndexKind::Document, digest).await?
            }
            Whom::Unnamed | Whom::Unclear => {
                return Err(ServiceError::bad(
                    "whom.one",
                    "Name the person by holder id, document or phone: one of them.",
                ));
            }
            Whom::Phone(text) => {
                let phone =
                    crate::phone::read(text).map_err(|e| wrong("phone", e.code, e.detail))?;
                return self.locate_user(region, &phone).await;
            }
        };
        let holder = self.holder_inside(region, id.ok_or_else(no_such_holder)?).await?;
        Ok(Located { holder, document })
    }

    /// Whom something is recorded of. By document it is the document's owner, wherever they live and
    /// whether or not they are registered; in any other way somebody inside a region.
    pub(crate) async fn about(&self, region: &Division, whom: &Whom) -> Result<About> {
        if let Whom::Document(input) = whom {
            let document = self.deployment.keys.document_index(&self.read_document(input)?);
            return self.about_document(document).await;
        }
        let Located { holder, document } = self.locate(region, whom).await?;
        let (subject, home) = (Subject::Person(holder.id), Some(holder.home));
        Ok(About { subject, document, tube: None, home, silent: false })
    }

    /// Where a document leads now.
    pub(crate) async fn about_document(&self, digest: [u8; 16]) -> Result<About> {
        let found = self.store.indexed_holder(IndexKind::Document, digest).await?;
        let holder = match found {
            Some(id) => self.store.holder(id).await?,
            None => None,
        };
        let (subject, home) = match holder {
            Some(holder) => (Subject::Person(holder.id), Some(holder.home)),
            None => (Subject::Owner(digest), None),
        };
        Ok(About { subject, document: Some(digest), tube: None, home, silent: true })
    }

    /// Whoever's tube it is, by its key.
    pub(crate) async fn about_tube(&self, key: [u8; 16]) -> Result<About> {
        let owner = self.store.tube(key).await?.map(|t| t.owner);
        let tube = Some((key, owner));
        let (subject, silent) = (Subject::Owner(key), true);
        match owner {
            None => Ok(About { subject, document: None, tube, home: None, silent }),
            Some(TubeOwner::Document(document)) => {
                let about = self.about_document(document).await?;
                let subject = match about.subject {
                    Subject::Owner(_) => subject,
                    person @ Subject::Person(_) => person,
                };
                Ok(About { subject, tube, ..about })
            }
            Some(TubeOwner::Holder(holder)) => {
                let home = self.store.holder(holder).await?.map(|h| h.home);
                let subject = Subject::Person(holder);
                Ok(About { subject, document: None, tube, home, silent })
            }
        }
    }

    /// Where the same document, or the same tube, leads now.
    pub(crate) async fn about_again(
        &self,
        document: Option<[u8; 16]>,
        tube: Option<[u8; 16]>,
    ) -> Result<Option<About>> {
        Ok(match (tube, document) {
            (Some(key), _) => Some(self.about_tube(key).await?),
            (None, Some(document)) => Some(self.about_document(document).await?),
            (None, None) => None,
        })
    }

    /// The key of a tube: numbers are an agency's own.
    pub(crate) fn tube_key(&self, agency: AgencyId, number: &str) -> [u8; 16] {
        self.deployment.keys.blind("tube", &format!("{agency}/{number}"))
    }

    /// The one inside a region who uses a phone; several are told apart by their documents.
    async fn locate_user(&self, region: &Division, phone: &Phone) -> Result<Located> {
        let digest = self.deployment.keys.phone_index(phone);
        let mut found = None;
        for id in self.store.indexed_holders(IndexKind::Phone, digest).await? {
            let Some(holder) = self.holder_inside_if(region, id).await? else { continue };
            if found.replace(holder).is_some() {
                return Err(several());
            }
        }
        Ok(Located { holder: found.ok_or_else(no_such_holder)?, document: None })
    }

    pub(crate) fn read_document(&self, input: &DocumentInput) -> Result<jadegate_domain::Document> {
        let today = self.now().local_day(self.policy().calendar().zone());
        input.parse(today).map_err(|e| ServiceError::fields(vec![e]))
    }
}

fn several() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "holder.several",
        "Several people use this phone. Please ask for the person's document.",
    )
}
