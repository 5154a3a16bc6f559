//! Vaccines against COVID-19, under one name each.

use serde::{Deserialize, Serialize};

use crate::agency::names;

names! {
    /// A vaccine against COVID-19. The list is closed, so that a policy names what it means; what is not on it is
    /// [`Vaccine::Other`] and counts where a policy names no product.
    Vaccine, "vaccine" {
        /// BioNTech/Pfizer, every variant of it.
        Comirnaty = "comirnaty",
        /// Moderna, every variant of it.
        Spikevax = "spikevax",
        /// Oxford/AstraZeneca, Covishield among them.
        Vaxzevria = "vaxzevria",
        /// Janssen (Johnson & Johnson).
        Jcovden = "jcovden",
        /// Novavax, Covovax among them.
        Nuvaxovid = "nuvaxovid",
        /// Sanofi.
        Vidprevtyn = "vidprevtyn",
        /// Sinopharm, Beijing (众爱可维).
        BbibpCorv = "bbibp_corv",
        /// Sinopharm, Wuhan.
        WibpCorv = "wibp_corv",
        /// Sinovac (克尔来福).
        Coronavac = "coronavac",
        /// CanSino (克威莎).
        Convidecia = "convidecia",
        /// Zhifei Longcom (智克威得).
        Zifivax = "zifivax",
        /// Bharat Biotech.
        Covaxin = "covaxin",
        /// Gamaleya, two different doses.
        SputnikV = "sputnik_v",
        /// Gamaleya, one dose.
        SputnikLight = "sputnik_light",
        /// None of these, or one that the record does not name.
        Other = "other",
    }
}
