//! Endpoints of the console.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jadegate_domain::{AgencyId, CaseId, EvidenceId, HolderId, PlaceId, StaffId, TraceId};
use jadegate_service::staff::{
    AgencyInput, ArrivalInput, CaseCorrection, CaseInput, CaseWithdrawn, Enrolment, InvitedStaff,
    NewPasskey, Overview, PlaceInput, PlacePage, PlaceRow, Power, QuarantineFilter, QuarantinePage,
    RegionInput, RegionRow, ReleaseInput, StaffInput, TestInput, TraceDetail, TraceReport,
};
use jadegate_service::{NewSession, ServiceError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Cookie, Path, Query, StaffAuth, agent, id};
use crate::problem::{Answer, Problem};
use crate::public::RegionList;
use crate::state::Web;
use crate::views::{self, Namer};

mod body;
mod changes;
mod documents;
mod files;
mod operation;
mod sessions;
mod trace_jobs;
mod waiting;
mod withdraw;

use body::{
    AgencyList, ArrivalBody, CaseBody, CaseList, CaseRecordedView, CeremonyView, ConfirmBody,
    ConfirmationView, CorrectedView, CorrectionBody, EndBody, FindBody, FinishInvitationBody,
    FinishSignInBody, FoundView, GateList, GateQuery, InvitationView, InvitedView, MeAgency,
    MeStaff, MeView, OpenBody, PersonView, PlacePosterView, PlaceQuery, QuarantineQuery,
    RecordedView, ReleaseBody, StaffList, TestBody, TokenBody, TraceBody, TraceList, TraceQuery,
};

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(begin_invitation))
        .routes(routes!(finish_invitation))
        .routes(routes!(begin_sign_in))
        .routes(routes!(finish_sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
        .routes(routes!(overview))
        .routes(routes!(find))
        .routes(routes!(open))
        .routes(routes!(add_test))
        .merge(files::routes())
        .routes(routes!(cases, add_case))
        .routes(routes!(correct_case))
        .routes(routes!(withdraw_case))
        .routes(routes!(traces, run_trace))
        .routes(routes!(trace_detail))
        .merge(trace_jobs::routes())
        .routes(routes!(quarantine))
        .routes(routes!(release))
        .routes(routes!(regions, set_region))
        .routes(routes!(end_region))
        .routes(routes!(add_arrival))
        .routes(routes!(places, add_place))
        .routes(routes!(enrolment))
        .routes(routes!(poster))
        .routes(routes!(gates))
        .routes(routes!(revoke_gate))
        .routes(routes!(agencies, add_agency))
        .routes(routes!(staff_list, invite))
        .routes(routes!(disable))
        .routes(routes!(confirm_agency))
        .routes(routes!(confirm_staff))
        .merge(changes::routes())
        .merge(documents::routes())
        .merge(operation::routes())
        .merge(sessions::routes())
        .merge(waiting::routes())
        .merge(withdraw::routes())
}

type SignedIn = ([(HeaderName, HeaderValue); 1], Json<MeView>);

async fn me_view(web: &Web, session: &jadegate_service::StaffSession) -> Answer<MeView> {
    let s = session.staff();
    let needed = Power::any_over_people(s.agency_kind, s.role);
    let waits = needed && !session.is_confirmed();
    Ok(MeView {
        staff: MeStaff {
            id: s.id,
            display_name: s.display_name.clone(),
            role: s.role,
            region: s.region.clone(),
            region_name: web.app.division_name(&s.region),
        },
        agency: MeAgency { id: s.agency, kind: s.agency_kind, name: s.agency_name.clone() },
        may: session.powers(),
        confirmation: ConfirmationView {
            needed,
            agency: session.agency_is_confirmed(),
            staff: s.confirmed_at.is_some(),
            passkey: if waits { web.app.passkey_of(s.id).await? } else { None },
        },
    })
}

async fn signed_in(web: &Web, session: NewSession) -> Answer<SignedIn> {
    let cookie = Cookie::Staff.set(&session, web.secure);
    let session = web.app.staff_session(&session.token).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(me_view(web, &session).await?)))
}

/// Begin making a passkey with the token of an invitation.
#[utoipa::path(post, path = "/v1/staff/invitations/begin", tag = "staff", request_body = TokenBody,
    responses((status = 200, body = InvitationView), (status = "4XX", body = Problem)))]
async fn begin_invitation(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<TokenBody>,
) -> Answer<Json<InvitationView>> {
    let here = Cookie::Staff.read(&headers, web.secure);
    let staff = web.app.invitation(&b.token, here).await?;
    let others = web.app.passkeys_of_others(&staff).await?;
    let options = web.passkeys.begin_registration(
        b.token,
        staff.id,
        &staff.display_name,
        others,
        web.app.now(),
    )?;
    let staff = InvitedView {
        display_name: staff.display_name,
        agency_name: staff.agency_name,
        role: staff.role,
    };
    Ok(Json(InvitationView { staff, options }))
}

/// Accept an invitation with the new passkey: signs in.
#[utoipa::path(post, path = "/v1/staff/invitations/finish", tag = "staff", request_body = FinishInvitationBody,
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn finish_invitation(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<FinishInvitationBody>,
) -> Answer<SignedIn> {
    let here = Cookie::Staff.read(&headers, web.secure);
    let staff = web.app.invitation(&b.token, here).await?;
    let row = web.passkeys.finish_registration(&b.token, staff.id, b.credential, web.app.now())?;
    let passkey = NewPasskey { credential_id: row.credential_id, passkey: row.passkey };
    let (_, session) = web.app.accept_staff_invitation(&b.token, passkey, agent(&headers)).await?;
    signed_in(&web, session).await
}

/// Begin signing in with a passkey.
#[utoipa::path(post, path = "/v1/staff/sign-in/begin", tag = "staff",
    responses((status = 200, body = CeremonyView), (status = "4XX", body = Problem)))]
async fn begin_sign_in(State(web): State<Arc<Web>>) -> Answer<Json<CeremonyView>> {
    let ceremony = web.app.ceremony_name();
    let options = web.passkeys.begin_sign_in(ceremony.clone(), web.app.now())?;
    Ok(Json(CeremonyView { ceremony, options }))
}

/// Sign in with the passkey's answer.
#[utoipa::path(post, path = "/v1/staff/sign-in/finish", tag = "staff", request_body = FinishSignInBody,
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn finish_sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<FinishSignInBody>,
) -> Answer<SignedIn> {
    let (credential, credential_id) = web.passkeys.credential_id(&b.credential)?;
    let row = web
        .app
        .store()
        .credential(&credential_id)
        .await
        .map_err(ServiceError::from)?
        .ok_or_else(|| crate::passkey::refused("unknown credential"))?;
    let moved = web.passkeys.finish_sign_in(&b.ceremony, &credential, &row, web.app.now())?;
    let session = web.app.sign_in_staff_with(row.staff, moved, agent(&headers)).await?;
    signed_in(&web, session).await
}

/// Sign out.
#[utoipa::path(delete, path = "/v1/staff/session", tag = "staff", responses((status = 204)))]
async fn sign_out(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
) -> Answer<(StatusCode, [(HeaderName, HeaderValue); 1])> {
    if let Some(token) = Cookie::Staff.read(&headers, web.secure) {
        web.app.sign_out(token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Staff.clear(web.secure))]))
}

/// Who is signed in and what they may do.
#[utoipa::path(get, path = "/v1/staff/me", tag = "staff",
    responses((status = 200, body = MeView), (status = 401, body = Problem)))]
async fn me(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<MeView>> {
    Ok(Json(me_view(&web, &s).await?))
}

/// The numbers of the region.
#[utoipa::path(get, path = "/v1/staff/overview", tag = "staff",
    responses((status = 200, body = Overview), (status = "4XX", body = Problem)))]
async fn overview(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<Overview>> {
    Ok(Json(web.app.overview(&s).await?))
}

/// Find one person; they will see that somebody looked.
#[utoipa::path(post, path = "/v1/staff/holders/find", tag = "staff", request_body = FindBody,
    responses((status = 200, body = FoundView), (status = "4XX", body = Problem)))]
async fn find(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<FindBody>,
) -> Answer<Json<FoundView>> {
    let f = web.app.find_holder(&s, &b.whom.parse()?, b.purpose).await?;
    Ok(Json(FoundView {
        holder: f.holder,
        name_masked: f.name_masked,
        home_name: f.home_name,
        assessment: views::assessment(&web.app, f.assessment).await?,
    }))
}

/// Open one person's record for a stated purpose; they will see that somebody looked.
#[utoipa::path(post, path = "/v1/staff/holders/{id}/open", tag = "staff", params(("id" = HolderId, Path)),
    request_body = OpenBody, responses((status = 200, body = PersonView), (status = "4XX", body = Problem)))]
async fn open(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(holder): Path<String>,
    Body(b): Body<OpenBody>,
) -> Answer<Json<PersonView>> {
    let p = web.app.open_holder(&s, id(&holder)?, b.purpose, b.case).await?;
    let namer = Namer::load(&web.app).await?;
    Ok(Json(PersonView {
        holder: p.holder,
        name_masked: p.name_masked,
        home_name: p.home_name,
        history: namer.changes(p.history),
        assessment: namer.assessment(p.assessment),
        evidence: p.evidence,
        withdrawable: p.withdrawable,
        quarantine: p.quarantine,
        timeline: namer.segments(p.timeline),
        what_they_see: p.what_they_see,
    }))
}

/// What waits is accepted, not created.
const fn status(new: bool, waiting: bool) -> StatusCode {
    match (new, waiting) {
        (_, true) => StatusCode::ACCEPTED,
        (true, false) => StatusCode::CREATED,
        (false, false) => StatusCode::OK,
    }
}

async fn recorded(
    web: &Web,
    r: jadegate_service::staff::RecordedEvidence,
) -> Answer<(StatusCode, Json<RecordedView>)> {
    let status = status(r.new, r.waiting);
    let assessment = views::assessment(&web.app, r.assessment).await?;
    let (evidence, new, waiting) = (r.evidence, r.new, r.waiting);
    Ok((status, Json(RecordedView { evidence, assessment, new, waiting })))
}

/// Record one test result.
#[utoipa::path(post, path = "/v1/staff/tests", tag = "staff", request_body = TestBody,
    responses((status = 201, body = RecordedView), (status = 200, body = RecordedView), (status = 202, body = RecordedView), (status = "4XX", body = Problem)))]
async fn add_test(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<TestBody>,
) -> Answer<(StatusCode, Json<RecordedView>)> {
    let input = TestInput {
        whom: b.whom.parse()?,
        result: b.result,
        method: b.method,
        sampled_at: b.sampled_at,
        sample: b.sample,
    };
    recorded(&web, web.app.record_test(&s, &input).await?).await
}

/// Record a case, and trace it at once if asked to.
#[utoipa::path(post, path = "/v1/staff/cases", tag = "staff", request_body = CaseBody,
    responses((status = 201, body = CaseRecordedView), (status = 200, body = CaseRecordedView), (status = 202, body = CaseRecordedView), (status = "4XX", body = Problem)))]
async fn add_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<CaseBody>,
) -> Answer<(StatusCode, Json<CaseRecordedView>)> {
    let input = CaseInput {
        whom: b.whom.parse()?,
        class: b.class,
        onset_at: b.onset_at,
        confirmed_at: b.confirmed_at,
        isolated_at: b.isolated_at,
        trace: b.trace,
    };
    let r = web.app.record_case(&s, &input).await?;
    let status = status(r.new, r.waiting);
    let assessment = views::assessment(&web.app, r.assessment).await?;
    let (case, new, waiting, trace) = (r.case, r.new, r.waiting, r.trace);
    Ok((status, Json(CaseRecordedView { case, assessment, new, waiting, trace })))
}

/// Cases, newest first.
#[utoipa::path(get, path = "/v1/staff/cases", tag = "staff",
    responses((status = 200, body = CaseList), (status = "4XX", body = Problem)))]
async fn cases(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<CaseList>> {
    Ok(Json(CaseList { cases: web.app.list_cases(&s).await? }))
}

/// Correct a case; both versions stay visible to the person.
#[utoipa::path(patch, path = "/v1/staff/cases/{id}", tag = "staff", params(("id" = CaseId, Path)),
    request_body = CorrectionBody, responses((status = 200, body = CorrectedView), (status = "4XX", body = Problem)))]
async fn correct_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(case): Path<String>,
    Body(b): Body<CorrectionBody>,
) -> Answer<Json<CorrectedView>> {
    let input = CaseCorrection {
        class: b.class,
        onset_at: b.onset_at,
        confirmed_at: b.confirmed_at,
        isolated_at: b.isolated_at,
    };
    let a = web.app.correct_case(&s, id(&case)?, &input).await?;
    Ok(Json(CorrectedView { assessment: views::assessment(&web.app, a).await? }))
}

/// Withdraw a case: its contacts are released.
#[utoipa::path(post, path = "/v1/staff/cases/{id}/withdraw", tag = "staff", params(("id" = CaseId, Path)),
    responses((status = 200, body = CaseWithdrawn), (status = "4XX", body = Problem)))]
async fn withdraw_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(case): Path<String>,
) -> Answer<Json<CaseWithdrawn>> {
    Ok(Json(web.app.withdraw_case(&s, id(&case)?).await?))
}

/// Trace a case: who shared a place and a time with it. Colours follow at once.
#[utoipa::path(post, path = "/v1/staff/traces", tag = "staff", request_body = TraceBody,
    responses((status = 201, body = TraceReport), (status = "4XX", body = Problem)))]
async fn run_trace(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<TraceBody>,
) -> Answer<(StatusCode, Json<TraceReport>)> {
    Ok((StatusCode::CREATED, Json(web.app.run_trace(&s, b.case).await?)))
}

/// Traces, newest first.
#[utoipa::path(get, path = "/v1/staff/traces", tag = "staff", params(TraceQuery),
    responses((status = 200, body = TraceList), (status = "4XX", body = Problem)))]
async fn traces(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<TraceQuery>,
) -> Answer<Json<TraceList>> {
    let case = q.case.as_deref().map(id::<CaseId>).transpose()?;
    Ok(Json(TraceList { traces: web.app.list_traces(&s, case).await? }))
}

/// One trace with every contact and exposure.
#[utoipa::path(get, path = "/v1/staff/traces/{id}", tag = "staff", params(("id" = TraceId, Path)),
    responses((status = 200, body = TraceDetail), (status = "4XX", body = Problem)))]
async fn trace_detail(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(trace): Path<String>,
) -> Answer<Json<TraceDetail>> {
    Ok(Json(web.app.trace_detail(&s, id(&trace)?).await?))
}

/// Who is in quarantine; who missed a check-in; who is due.
#[utoipa::path(get, path = "/v1/staff/quarantine", tag = "staff", params(QuarantineQuery),
    responses((status = 200, body = QuarantinePage), (status = "4XX", body = Problem)))]
async fn quarantine(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<QuarantineQuery>,
) -> Answer<Json<QuarantinePage>> {
    let filter = match q.filter.as_deref().unwrap_or("all") {
        "all" => QuarantineFilter::All,
        "missed" => QuarantineFilter::Missed,
        "due" => QuarantineFilter::Due,
        _ => {
            return Err(
                ServiceError::bad("filter.unknown", "The filter is all, missed or due.").into()
            );
        }
    };
    let after = q.after.as_deref().map(id::<HolderId>).transpose()?;
    Ok(Json(web.app.list_quarantine(&s, filter, after, q.limit.unwrap_or(50)).await?))
}

/// Record a discharge or release paper.
#[utoipa::path(post, path = "/v1/staff/releases", tag = "staff", request_body = ReleaseBody,
    responses((status = 201, body = RecordedView), (status = 200, body = RecordedView), (status = 202, body = RecordedView), (status = "4XX", body = Problem)))]
async fn release(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<ReleaseBody>,
) -> Answer<(StatusCode, Json<RecordedView>)> {
    let input = ReleaseInput {
        whom: b.whom.parse()?,
        refers_to: b.refers_to,
        released_at: b.released_at,
        paper: b.paper,
    };
    recorded(&web, web.app.record_release(&s, &input).await?).await
}

/// Risk levels, in force or ended.
#[utoipa::path(get, path = "/v1/staff/regions", tag = "staff",
    responses((status = 200, body = RegionList), (status = "4XX", body = Problem)))]
async fn regions(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<RegionList>> {
    Ok(Json(RegionList { risks: web.app.list_regions(&s).await? }))
}

/// Is refused: a risk level is raised by a proposal with its what-if attached.
#[utoipa::path(post, path = "/v1/staff/regions", tag = "staff", request_body = RegionInput,
    responses((status = "4XX", body = Problem)))]
async fn set_region(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<RegionInput>,
) -> Answer<(StatusCode, Json<RegionRow>)> {
    Ok((StatusCode::CREATED, Json(web.app.set_region(&s, &input)?)))
}

/// End a risk level: colours that stood on it alone change back.
#[utoipa::path(post, path = "/v1/staff/regions/{id}/end", tag = "staff", params(("id" = EvidenceId, Path)),
    request_body = EndBody, responses((status = 200, body = RegionRow), (status = "4XX", body = Problem)))]
async fn end_region(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(region): Path<String>,
    Body(b): Body<EndBody>,
) -> Answer<Json<RegionRow>> {
    Ok(Json(web.app.end_region(&s, id(&region)?, b.to.as_deref()).await?))
}

/// Record an arrival from abroad.
#[utoipa::path(post, path = "/v1/staff/arrivals", tag = "staff", request_body = ArrivalBody,
    responses((status = 201, body = RecordedView), (status = 200, body = RecordedView), (status = 202, body = RecordedView), (status = "4XX", body = Problem)))]
async fn add_arrival(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<ArrivalBody>,
) -> Answer<(StatusCode, Json<RecordedView>)> {
    let input = ArrivalInput {
        whom: b.whom.parse()?,
        from: b.from,
        arrived_at: b.arrived_at,
        purpose: b.purpose,
    };
    recorded(&web, web.app.record_arrival(&s, &input).await?).await
}

/// The places one manages.
#[utoipa::path(get, path = "/v1/staff/places", tag = "staff", params(PlaceQuery),
    responses((status = 200, body = PlacePage), (status = "4XX", body = Problem)))]
async fn places(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<PlaceQuery>,
) -> Answer<Json<PlacePage>> {
    let after = q.after.as_deref().map(id::<PlaceId>).transpose()?;
    Ok(Json(web.app.list_places(&s, after, q.limit.unwrap_or(50)).await?))
}

/// Register a place.
#[utoipa::path(post, path = "/v1/staff/places", tag = "staff", request_body = PlaceInput,
    responses((status = 201, body = PlaceRow), (status = "4XX", body = Problem)))]
async fn add_place(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<PlaceInput>,
) -> Answer<(StatusCode, Json<PlaceRow>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_place(&s, &input).await?)))
}

/// A single-use link that enrols a device as a gate of this place.
#[utoipa::path(post, path = "/v1/staff/places/{id}/enrolment", tag = "staff", params(("id" = PlaceId, Path)),
    responses((status = 201, body = Enrolment), (status = "4XX", body = Problem)))]
async fn enrolment(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(place): Path<String>,
) -> Answer<(StatusCode, Json<Enrolment>)> {
    Ok((StatusCode::CREATED, Json(web.app.enrolment_link(&s, id(&place)?).await?)))
}

/// The place's code to print.
#[utoipa::path(get, path = "/v1/staff/places/{id}/poster", tag = "staff", params(("id" = PlaceId, Path)),
    responses((status = 200, body = PlacePosterView), (status = "4XX", body = Problem)))]
async fn poster(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(place): Path<String>,
) -> Answer<Json<PlacePosterView>> {
    let p = web.app.place_poster(&s, id(&place)?)?;
    Ok(Json(PlacePosterView { poster_code: p.poster_code }))
}

/// The gates of a place.
#[utoipa::path(get, path = "/v1/staff/gates", tag = "staff", params(GateQuery),
    responses((status = 200, body = GateList), (status = "4XX", body = Problem)))]
async fn gates(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<GateQuery>,
) -> Answer<Json<GateList>> {
    Ok(Json(GateList { gates: web.app.list_gates(&s, id(&q.place)?).await? }))
}

/// Revoke a gate: it can no longer sign in.
#[utoipa::path(post, path = "/v1/staff/gates/{id}/revoke", tag = "staff", params(("id" = jadegate_domain::GateId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn revoke_gate(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(gate): Path<String>,
) -> Answer<StatusCode> {
    web.app.revoke_gate(&s, id(&gate)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All agencies.
#[utoipa::path(get, path = "/v1/staff/agencies", tag = "staff",
    responses((status = 200, body = AgencyList), (status = "4XX", body = Problem)))]
async fn agencies(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<AgencyList>> {
    Ok(Json(AgencyList { agencies: web.app.list_agencies(&s).await? }))
}

/// Register an agency.
#[utoipa::path(post, path = "/v1/staff/agencies", tag = "staff", request_body = AgencyInput,
    responses((status = 201, body = jadegate_domain::agency::Agency), (status = "4XX", body = Problem)))]
async fn add_agency(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<AgencyInput>,
) -> Answer<(StatusCode, Json<jadegate_domain::agency::Agency>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_agency(&s, &input).await?)))
}

/// Confirm an agency that has powers over people: for commissioners.
#[utoipa::path(post, path = "/v1/staff/agencies/{id}/confirm", tag = "staff", params(("id" = AgencyId, Path)),
    responses((status = 200, body = jadegate_domain::agency::Agency), (status = "4XX", body = Problem)))]
async fn confirm_agency(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(agency): Path<String>,
) -> Answer<Json<jadegate_domain::agency::Agency>> {
    Ok(Json(web.app.confirm_agency(&s, id(&agency)?).await?))
}

/// Confirm a member of staff who holds the passkey with this fingerprint: for commissioners.
#[utoipa::path(post, path = "/v1/staff/members/{id}/confirm", tag = "staff", params(("id" = StaffId, Path)),
    request_body = ConfirmBody, responses((status = 204), (status = "4XX", body = Problem)))]
async fn confirm_staff(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
    Body(b): Body<ConfirmBody>,
) -> Answer<StatusCode> {
    web.app.confirm_staff(&s, id(&staff)?, &b.passkey).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All staff.
#[utoipa::path(get, path = "/v1/staff/members", tag = "staff",
    responses((status = 200, body = StaffList), (status = "4XX", body = Problem)))]
async fn staff_list(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<StaffList>> {
    Ok(Json(StaffList { staff: web.app.list_staff(&s).await? }))
}

/// Invite a member of staff: a single-use link, shown once.
#[utoipa::path(post, path = "/v1/staff/members", tag = "staff", request_body = StaffInput,
    responses((status = 201, body = InvitedStaff), (status = "4XX", body = Problem)))]
async fn invite(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<StaffInput>,
) -> Answer<(StatusCode, Json<InvitedStaff>)> {
    Ok((StatusCode::CREATED, Json(web.app.invite_staff(&s, &input).await?)))
}

/// End a member of staff's access.
#[utoipa::path(post, path = "/v1/staff/members/{id}/disable", tag = "staff", params(("id" = StaffId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn disable(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
) -> Answer<StatusCode> {
    web.app.disable_staff(&s, id(&staff)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
