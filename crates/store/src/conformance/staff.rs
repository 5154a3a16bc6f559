//! Agencies, staff, passkeys, invitations.

use jadegate_domain::agency::Agency;
use jadegate_domain::id::InvitationId;
use jadegate_domain::{AgencyId, AgencyKind, PlaceId, Role, Staff, StaffId};

use super::made_up::*;
use crate::{
    CredentialRow, Invitation, InvitationUse, Precondition, SessionSubject, StoreError, Unit, Write,
};

fn passkey(n: u8, of: u64) -> CredentialRow {
    CredentialRow {
        staff: StaffId::from_random(of),
        credential_id: vec![n; 5],
        passkey: format!("{{\"made_up\":{n}}}"),
        created_at: at(i64::from(n)),
    }
}

fn invitation(n: u8, used_for: InvitationUse) -> Invitation {
    Invitation {
        id: InvitationId::from_random(u64::from(n)),
        token_digest: [n; 32],
        used_for,
        created_at: at(0),
        expires_at: at(100),
        used_at: None,
    }
}

/// Staff belong to an agency that exists; both are listed by id.
pub async fn an_agency_and_its_staff_are_read_back(s: S) {
    keeps(&s, vec![Write::AddAgency(agency(2)), Write::AddAgency(agency(1))]).await;
    assert_eq!(s.agency(AgencyId::from_random(1)).await.unwrap(), Some(agency(1)));
    assert_eq!(s.agencies().await.unwrap(), [agency(1), agency(2)]);
    refuses(&s, vec![Write::AddAgency(agency(1))], Precondition::Absent).await;

    keeps(&s, vec![Write::AddStaff(staff(9, 1)), Write::AddStaff(staff(4, 2))]).await;
    assert_eq!(s.staff(StaffId::from_random(9)).await.unwrap(), Some(staff(9, 1)));
    assert_eq!(s.all_staff().await.unwrap(), [staff(4, 2), staff(9, 1)]);
    refuses(&s, vec![Write::AddStaff(staff(9, 2))], Precondition::Absent).await;
    refuses(&s, vec![Write::AddStaff(staff(5, 404))], Precondition::Exists).await;
}

/// A confirmation is kept with who gave it; the first one stays.
pub async fn a_confirmation_is_kept_and_the_first_stays(s: S) {
    let born_confirmed = Agency { confirmed_at: Some(at(1)), ..agency(2) };
    keeps(&s, vec![Write::AddAgency(agency(1)), Write::AddAgency(born_confirmed.clone())]).await;
    assert_eq!(s.agency(AgencyId::from_random(2)).await.unwrap(), Some(born_confirmed));
    keeps(&s, vec![Write::AddStaff(staff(1, 1))]).await;
    let (who, which) = (StaffId::from_random(1), AgencyId::from_random(1));
    for (by, when) in [(7, 50), (8, 60)] {
        let by = StaffId::from_random(by);
        keeps(
            &s,
            vec![
                Write::ConfirmAgency { agency: which, by: Some(by), at: at(when) },
                Write::ConfirmStaff { staff: who, by: Some(by), at: at(when) },
            ],
        )
        .await;
    }
    let (at, by) = (Some(at(50)), Some(StaffId::from_random(7)));
    let known = s.agency(which).await.unwrap().unwrap();
    assert_eq!((known.confirmed_at, known.confirmed_by), (at, by));
    let known = s.staff(who).await.unwrap().unwrap();
    assert_eq!((known.confirmed_at, known.confirmed_by), (at, by));
    // Whoever has left is confirmed by nobody.
    keeps(&s, vec![Write::AddStaff(staff(2, 1))]).await;
    let left = StaffId::from_random(2);
    keeps(&s, vec![Write::DisableStaff { staff: left, at: super::made_up::at(5) }]).await;
    let write = Write::ConfirmStaff { staff: left, by: None, at: super::made_up::at(6) };
    refuses(&s, vec![write], Precondition::Stands).await;
    let nobody = StaffId::from_random(404);
    let write = Write::ConfirmStaff { staff: nobody, by: None, at: super::made_up::at(1) };
    refuses(&s, vec![write], Precondition::Exists).await;
    let nothing = AgencyId::from_random(404);
    let write = Write::ConfirmAgency { agency: nothing, by: None, at: super::made_up::at(1) };
    refuses(&s, vec![write], Precondition::Exists).await;
}

/// A credential id is one person's, and only replaced where it is.
pub async fn passkeys_belong_to_existing_staff(s: S) {
    keeps(&s, vec![Write::AddAgency(agency(1)), Write::AddStaff(staff(1, 1))]).await;
    let add = |n, of| Write::AddCredential(passkey(n, of));
    keeps(&s, vec![add(2, 1), add(1, 1)]).await;
    let own = s.credentials(StaffId::from_random(1)).await.unwrap();
    assert_eq!(own, [passkey(1, 1), passkey(2, 1)]);
    assert_eq!(s.credential(&[2; 5]).await.unwrap(), Some(passkey(2, 1)));
    refuses(&s, vec![add(2, 1)], Precondition::Absent).await;
    refuses(&s, vec![add(3, 404)], Precondition::Exists).await;

    let moved = CredentialRow { passkey: "{\"counter\":8}".to_owned(), ..passkey(1, 1) };
    keeps(&s, vec![Write::UpdateCredential(moved.clone())]).await;
    assert_eq!(s.credential(&[1; 5]).await.unwrap(), Some(moved));
    refuses(&s, vec![Write::UpdateCredential(passkey(3, 1))], Precondition::Exists).await;
    refuses(&s, vec![Write::UpdateCredential(passkey(1, 2))], Precondition::Exists).await;
}

/// Leaving ends every session of this member and of nobody else, and the first moment stays.
pub async fn a_disabled_member_loses_every_session(s: S) {
    let who = StaffId::from_random(1);
    let other = SessionSubject::Holder(hid(1));
    keeps(
        &s,
        vec![
            Write::AddAgency(agency(1)),
            Write::AddStaff(staff(1, 1)),
            Write::AddSession(session(1, SessionSubject::Staff(who))),
            Write::AddSession(session(2, SessionSubject::Staff(who))),
            Write::AddSession(session(3, other)),
        ],
    )
    .await;
    keeps(&s, vec![Write::DisableStaff { staff: who, at: at(50) }]).await;
    keeps(&s, vec![Write::DisableStaff { staff: who, at: at(60) }]).await;
    assert_eq!(s.staff(who).await.unwrap().unwrap().disabled_at, Some(at(50)));
    assert_eq!(s.session([1; 32], at(1)).await.unwrap(), None);
    assert_eq!(s.session([2; 32], at(1)).await.unwrap(), None);
    assert_eq!(s.session([3; 32], at(1)).await.unwrap(), Some(session(3, other)));
    let nobody = Write::DisableStaff { staff: StaffId::from_random(404), at: at(1) };
    refuses(&s, vec![nobody], Precondition::Exists).await;
}

/// Commissioners of these numbers and regions, confirmed with their agency.
async fn commissioners(s: &S, of: &[(u64, &str)]) {
    let kind = AgencyKind::HealthCommission;
    let board = Agency { kind, confirmed_at: Some(at(1)), ..agency(1) };
    keeps(s, vec![Write::AddAgency(board)]).await;
    for (n, region) in of {
        keeps(s, vec![Write::AddStaff(commissioner(*n, region))]).await;
    }
}

fn commissioner(n: u64, region: &str) -> Staff {
    let (agency_kind, role) = (AgencyKind::HealthCommission, Role::Commissioner);
    let region = region.parse().unwrap();
    Staff { agency_kind, role, region, confirmed_at: Some(at(2)), ..staff(n, 1) }
}

/// Ends an access if somebody is left who acts there.
fn end_unless_last(n: u64, region: &str) -> Vec<Write> {
    let (agency_kind, role) = (AgencyKind::HealthCommission, Role::Commissioner);
    let region = region.parse().unwrap();
    vec![
        Write::DisableStaff { staff: StaffId::from_random(n), at: at(50) },
        Write::ExpectStaff { agency_kind, role, region },
    ]
}

/// Nobody's access ends if nobody else can do the same where they could; whoever is not confirmed,
/// has left, is of another role or acts elsewhere is nobody.
pub async fn the_last_one_of_a_region_remains(s: S) {
    commissioners(&s, &[(1, "CN-33"), (2, "CN-3301"), (3, "CN-31")]).await;
    let unconfirmed = Staff { confirmed_at: None, ..commissioner(4, "CN-33") };
    let other_role = Staff { role: Role::Officer, ..commissioner(5, "CN-33") };
    let unknown = Agency { kind: AgencyKind::HealthCommission, ..agency(2) };
    let of_unconfirmed = Staff { agency: AgencyId::from_random(2), ..commissioner(6, "CN-33") };
    keeps(&s, vec![Write::AddStaff(unconfirmed), Write::AddStaff(other_role)]).await;
    keeps(&s, vec![Write::AddAgency(unknown), Write::AddStaff(of_unconfirmed)]).await;
    let leaves = async |n| s.staff(StaffId::from_random(n)).await.unwrap().unwrap().disabled_at;
    refuses(&s, end_unless_last(1, "CN-33"), Precondition::Remains).await;
    refuses(&s, end_unless_last(3, "CN-31"), Precondition::Remains).await;
    assert_eq!(leaves(1).await, None);
    // The province's holds the city's.
    keeps(&s, end_unless_last(2, "CN-3301")).await;
    keeps(&s, vec![Write::AddStaff(commissioner(7, "CN"))]).await;
    keeps(&s, end_unless_last(1, "CN-33")).await;
    refuses(&s, end_unless_last(7, "CN"), Precondition::Remains).await;
    assert_eq!((leaves(1).await, leaves(7).await), (Some(at(50)), None));
}

/// Two units at once, each of which would leave the other one, never leave nobody.
pub async fn of_two_who_end_each_other_one_remains(s: S) {
    end_each_other(&s, &s).await;
}

/// The same on two handles.
pub(super) async fn end_each_other(a: &S, b: &S) {
    commissioners(a, &[(1, "CN-33"), (2, "CN-33")]).await;
    let end = async |s: &S, n| s.commit(Unit::new("end", end_unless_last(n, "CN-33"))).await;
    let (first, second) = tokio::join!(end(a, 1), end(b, 2));
    let refused =
        |r: &Result<(), StoreError>| matches!(r, Err(e) if e.is_conflict(Precondition::Remains));
    assert_eq!(u8::from(first.is_ok()) + u8::from(second.is_ok()), 1);
    assert_eq!(u8::from(refused(&first)) + u8::from(refused(&second)), 1);
}

/// A link works once, and before its end.
pub async fn an_invitation_works_once_and_in_time(s: S) {
    let for_staff = invitation(1, InvitationUse::Staff(Box::new(staff(7, 1))));
    let place = PlaceId::from_random(3);
    let by = Some(StaffId::from_random(1));
    let for_gate = invitation(2, InvitationUse::Gate { place, by });
    for i in [&for_staff, &for_gate] {
        keeps(&s, vec![Write::AddInvitation(i.clone())]).await;
        assert_eq!(s.invitation(i.token_digest).await.unwrap().as_ref(), Some(i));
    }
    let same_digest = Invitation { id: InvitationId::from_random(9), ..for_staff.clone() };
    refuses(&s, vec![Write::AddInvitation(same_digest)], Precondition::Absent).await;
    let same_id = Invitation { token_digest: [9; 32], ..for_staff.clone() };
    refuses(&s, vec![Write::AddInvitation(same_id)], Precondition::Absent).await;

    let id = for_staff.id;
    refuses(&s, vec![Write::UseInvitation { id, at: at(100) }], Precondition::Unused).await;
    keeps(&s, vec![Write::UseInvitation { id, at: at(99) }]).await;
    assert_eq!(s.invitation([1; 32]).await.unwrap().unwrap().used_at, Some(at(99)));
    refuses(&s, vec![Write::UseInvitation { id, at: at(99) }], Precondition::Unused).await;
    let nobody = Write::UseInvitation { id: InvitationId::from_random(404), at: at(1) };
    refuses(&s, vec![nobody], Precondition::Exists).await;
    assert_eq!(s.invitation([2; 32]).await.unwrap(), Some(for_gate));
}
