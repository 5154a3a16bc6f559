//! The same crowd for Jadegate's engine.

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, ContactDegree, Symptom, Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    AgencyId, CaseClass, CaseId, Colour, Division, Evidence, EvidenceId, Fact, PlaceKind,
    Timestamp, TraceId,
};
use jadegate_policy::{ColourCounts, Policy, Population, PopulationBuilder, WhatIf};

use crate::crowd::{COUNTIES, Crowd, NOW, Row, What, county_code, home_of, mixed};
use crate::floor::{Counts, Days, RULES};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The moment of the measurement.
#[must_use]
pub const fn now() -> Timestamp {
    Timestamp::from_secs(NOW as i64)
}

/// `policies/three-colour.toml` with other numbers of days.
pub fn policy(days: Days) -> Result<Policy> {
    let text = include_str!("../../../policies/three-colour.toml")
        .replace("\ndays = 14\n", &format!("\ndays = {}\n", days.red))
        .replace("\ndays = 7\n", &format!("\ndays = {}\n", days.yellow));
    Policy::parse(&text).map_err(|p| format!("{p:?}").into())
}

fn counties() -> Result<Vec<Division>> {
    (0..COUNTIES).map(|c| Ok(county_code(c).parse()?)).collect()
}

/// A piece as the service would load it.
fn evidence(row: &Row, id: u64, counties: &[Division]) -> Result<Evidence> {
    let at = Timestamp::from_secs(i64::from(row.at));
    let m = mixed(id);
    let warm = |tenths: u64| Temperature::from_tenths(u16::try_from(tenths).unwrap_or(366));
    let place_kind = PlaceKind::ALL[usize::try_from(m % PlaceKind::ALL.len() as u64)?];
    let contact = |degree| Fact::Contact {
        case: CaseId::from_random(u64::from(row.about) + 1),
        trace: TraceId::from_random(u64::from(row.about) + 1),
        degree,
        last_contact: at,
        minutes: 15 + u32::try_from(m >> 32 & 63).unwrap_or(0),
        certainty: if m & 8 == 0 { Certainty::Recorded } else { Certainty::Assumed },
        place_kind,
    };
    let test = |result| Fact::Test { result, method: TestMethod::NucleicAcid, sampled_at: at };
    let declaration = |contact_with_case| -> Result<Fact> {
        let temperature = Some(warm(360 + (m >> 16) % 10)?);
        let (symptoms, stays) = (Vec::new(), Vec::new());
        Ok(Fact::Declaration { temperature, symptoms, contact_with_case, stays })
    };
    let fact = match row.what {
        What::Clean => {
            Fact::CheckIn { temperature: Some(warm(360 + (m >> 16) % 12)?), symptoms: Vec::new() }
        }
        What::Symptoms if m & 1 == 0 => {
            Fact::CheckIn { temperature: Some(warm(373 + (m >> 16) % 20)?), symptoms: Vec::new() }
        }
        What::Symptoms => {
            Fact::CheckIn { temperature: Some(warm(366)?), symptoms: vec![Symptom::Cough] }
        }
        What::Declared => declaration(true)?,
        What::Declaration => declaration(false)?,
        What::Negative => test(TestResult::Negative),
        What::Positive => test(TestResult::Positive),
        What::Case => Fact::Case {
            case: CaseId::from_random(u64::from(row.about) + 1),
            class: CaseClass::Confirmed,
            onset_at: None,
            confirmed_at: at,
        },
        What::Close => contact(ContactDegree::Close),
        What::Secondary => contact(ContactDegree::Secondary),
        What::Stay => Fact::Stay {
            division: counties[usize::from(row.county)].clone(),
            from: Timestamp::from_secs(i64::from(row.about)),
            to: at,
        },
        What::Arrival => Fact::Arrival {
            from: "US-NY".parse()?,
            arrived_at: at,
            purpose: ArrivalPurpose::Return,
        },
    };
    let by_holder = matches!(
        row.what,
        What::Clean | What::Symptoms | What::Declared | What::Declaration | What::Stay
    );
    // A result, a contact or a case is recorded a while after it happened.
    let late = if by_holder { 0 } else { i64::from(60 - 1) };
    Ok(Evidence {
        id: EvidenceId::from_random(id),
        holder: None,
        fact,
        recorded_at: at.plus_secs(late),
        agency: (!by_holder).then(|| AgencyId::from_random(1)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    })
}

/// The crowd in memory, as a what-if holds it.
pub fn population(crowd: &Crowd) -> Result<Population> {
    let counties = counties()?;
    let mut b = PopulationBuilder::new();
    for own in crowd.rows.chunk_by(|a, b| a.person == b.person) {
        let person = own[0].person;
        let evidence: Vec<Evidence> = own
            .iter()
            .zip(u64::from(person) * 8 + 1..)
            .map(|(row, id)| evidence(row, id, &counties))
            .collect::<Result<_>>()?;
        b.add(&counties[usize::from(home_of(person))], &evidence);
    }
    for county in 0..COUNTIES {
        b.add_without_evidence(&counties[usize::from(county)], crowd.without_in(county));
    }
    Ok(b.finish())
}

/// One person's evidence, for `assess`.
pub fn somebody(crowd: &Crowd, person: usize) -> Result<Vec<Evidence>> {
    let counties = counties()?;
    let rows = crowd.rows.chunk_by(|a, b| a.person == b.person).nth(person).unwrap_or(&[]);
    rows.iter().zip(1..).map(|(row, id)| evidence(row, id, &counties)).collect()
}

/// The raised counties as public evidence.
pub fn risks(crowd: &Crowd) -> Result<Vec<Evidence>> {
    let counties = counties()?;
    let of = |(r, id): (&crate::crowd::Region, u64)| Evidence {
        id: EvidenceId::from_random(id),
        holder: None,
        fact: Fact::RegionRisk {
            division: counties[usize::from(r.county)].clone(),
            level: if r.high { RiskLevel::High } else { RiskLevel::Medium },
            from: Timestamp::from_secs(i64::from(r.from)),
            to: (r.to != u32::MAX).then(|| Timestamp::from_secs(i64::from(r.to))),
        },
        recorded_at: Timestamp::from_secs(i64::from(r.from)),
        agency: Some(AgencyId::from_random(2)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    };
    Ok(crowd.regions.iter().zip(1 << 60..).map(of).collect())
}

/// Colours as the bare pass writes them.
#[must_use]
pub fn numbers(colours: &[Colour]) -> Vec<u8> {
    colours.iter().map(|c| c.as_u8()).collect()
}

/// What a what-if says, as the bare pass counts it.
#[must_use]
pub fn counts(w: &WhatIf) -> Counts {
    let colours = |c: &ColourCounts| [c.green, c.yellow, c.red];
    let county = |c: u16| {
        let code = county_code(c);
        let found = w.divisions.iter().find(|d| d.division.as_str() == code);
        found.map_or([[0; 3]; 2], |d| [colours(&d.before), colours(&d.after)])
    };
    let rule = |id: &str| w.rules.iter().find(|r| r.rule == id);
    let place = |day: usize| w.places.get(day).map_or((0, 0), |p| (p.before, p.after));
    Counts {
        colours: [colours(&w.before), colours(&w.after)],
        counties: (0..COUNTIES).map(county).collect(),
        newly_confined: w.newly_confined,
        without_lab: w.newly_confined_without_lab_case,
        rules: [
            RULES.map(|id| rule(id).map_or(0, |r| r.before)),
            RULES.map(|id| rule(id).map_or(0, |r| r.after)),
        ],
        places: [std::array::from_fn(|day| place(day).0), std::array::from_fn(|day| place(day).1)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::Floor;
    use jadegate_policy::{Setting, WhatIfOptions, recolour, what_if};

    #[test]
    fn the_bare_pass_and_the_engine_agree() -> Result<()> {
        let crowd = Crowd::of(100_000);
        let (people, risks) = (population(&crowd)?, risks(&crowd)?);
        let (short, long) = (Days { red: 14, yellow: 7 }, Days { red: 21, yellow: 10 });
        let policies = [policy(short)?, policy(long)?];
        let [before, after] = [0, 1].map(|i| Setting { policy: &policies[i], risks: &risks });
        let floor = Floor::new(&crowd);
        let colours = floor.recolour(short);
        assert_eq!(numbers(&recolour(&people, &before, now())), colours);
        assert!((0..3).all(|c| colours.contains(&c)));
        let options = WhatIfOptions::default();
        let w = what_if(&people, &before, &after, now(), &options, &|_| true).ok_or("stopped")?;
        assert_eq!(counts(&w), floor.what_if(short, long));
        assert!(w.newly_confined_without_lab_case > 0);
        assert!(w.newly_confined > w.newly_confined_without_lab_case);
        Ok(())
    }
}
