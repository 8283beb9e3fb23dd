//! Invented notes among colleagues.

use super::names::Language;
use super::people::Team;

/// Notes that fit a team and what the customer speaks.
pub(super) const fn of(team: Option<Team>, language: Language) -> &'static [&'static str] {
    match (language, team) {
        (Language::Spanish, _) => SPANISH,
        (_, Some(Team::Bank)) => BANK,
        (_, Some(Team::Rides)) => RIDES,
        (_, Some(Team::Reservations)) => RESERVATIONS,
        (_, Some(Team::Homes)) => HOMES,
        (_, Some(Team::Clinic)) => CLINIC,
        (_, Some(Team::LinuxDesk)) => LINUX,
        (_, None) => GENERAL,
    }
}

const BANK: &[&str] = &[
    "Identity checked with the second question. PIN not asked for.",
    "Asked payments about this one; they promised a word by tomorrow noon.",
    "Third call about the same charge this month. Worth a look at the merchant.",
];
const RIDES: &[&str] = &[
    "The driver confirmed the address by phone.",
    "Please do not refund twice: the first cancellation was already paid back.",
];
const RESERVATIONS: &[&str] = &[
    "Spoke to the restaurant: the window table is held until 18:00.",
    "The price in our list is from last season. I told them the current one.",
    "Regular guest, always asks for a quiet room.",
];
const HOMES: &[&str] = &[
    "Viewing on Thursday. The keys are with the caretaker.",
    "The owner takes pets after all; the listing is wrong.",
];
const CLINIC: &[&str] = &[
    "No medical advice by chat, please. The practice calls back.",
    "Moved the appointment in the calendar as well.",
];
const LINUX: &[&str] = &[
    "Same driver as in last week's report. The newer kernel fixes it.",
    "Asked for the log. Without it we are guessing.",
];
const GENERAL: &[&str] = &[
    "Not sure which team this belongs to. Leaving it here for the morning.",
    "Answered from the forecast page; nothing else to do.",
];
const SPANISH: &[&str] = &[
    "Lo he hablado con el encargado: no hay problema.",
    "Cliente habitual. Si se puede, con un detalle.",
];
