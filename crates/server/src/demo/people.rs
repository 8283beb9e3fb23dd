//! Who works in the demo's workspace, and in which teams.

use recado_protocol::Role;

/// The workspace's name.
pub(super) const WORKSPACE_NAME: &str = "Cactus Desk";
/// The name of the channel through which the demo's customers write.
pub(super) const CHANNEL_NAME: &str = "Cactus website";

/// A team of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Team {
    /// Accounts, cards and payments.
    Bank,
    /// Cars, taxis and the underground.
    Rides,
    /// Tables, rooms and sights.
    Reservations,
    /// Flats to let.
    Homes,
    /// Appointments and prescriptions.
    Clinic,
    /// Computers.
    LinuxDesk,
}

impl Team {
    /// Every team.
    pub(super) const ALL: &'static [Self] =
        &[Self::Bank, Self::Rides, Self::Reservations, Self::Homes, Self::Clinic, Self::LinuxDesk];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bank => "Bank",
            Self::Rides => "Rides",
            Self::Reservations => "Reservations",
            Self::Homes => "Homes",
            Self::Clinic => "Clinic",
            Self::LinuxDesk => "Linux desk",
        }
    }

    /// The team for a conversation with these tags; none where no tag belongs to a team.
    pub(super) fn of_tags(tags: &[String]) -> Option<Self> {
        let tagged = |names: &[&str]| tags.iter().any(|tag| names.contains(&tag.as_str()));
        let rules: [(Self, &[&str]); 6] = [
            (Self::Clinic, &["doctor"]),
            (Self::Homes, &["apartment"]),
            (Self::Bank, &["bank"]),
            (Self::Reservations, &["restaurant", "hotel", "餐馆", "酒店", "景点"]),
            (Self::Rides, &["ride", "出租", "地铁"]),
            (Self::LinuxDesk, &["ubuntu"]),
        ];
        rules.into_iter().find(|(_, names)| tagged(names)).map(|(team, _)| team)
    }

    /// Who answers in it; never empty.
    pub(super) fn agents(self) -> Vec<Person> {
        Person::ALL
            .iter()
            .copied()
            .filter(|person| person.role() != Role::LightAgent && person.teams().contains(&self))
            .collect()
    }
}

/// A teammate of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Person {
    /// An admin, who sees everything.
    Ana,
    /// An agent, who sees the conversations of his teams.
    Ben,
    /// An agent, who sees the conversations of her teams and the unassigned ones.
    Mei,
    /// An agent, who sees what is assigned to him.
    Jonas,
    /// A light agent, who sees everything but the bank's.
    Priya,
}

impl Person {
    /// Everybody.
    pub(super) const ALL: &'static [Self] =
        &[Self::Ana, Self::Ben, Self::Mei, Self::Jonas, Self::Priya];

    /// The name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ana => "Ana Ruiz",
            Self::Ben => "Ben Okafor",
            Self::Mei => "Mei Tanaka",
            Self::Jonas => "Jonas Weber",
            Self::Priya => "Priya Nair",
        }
    }

    /// The address to sign in with.
    pub(super) const fn email(self) -> &'static str {
        match self {
            Self::Ana => "ana@cactus.example",
            Self::Ben => "ben@cactus.example",
            Self::Mei => "mei@cactus.example",
            Self::Jonas => "jonas@cactus.example",
            Self::Priya => "priya@cactus.example",
        }
    }

    /// The role.
    pub(super) const fn role(self) -> Role {
        match self {
            Self::Ana => Role::Admin,
            Self::Ben | Self::Mei | Self::Jonas => Role::Agent,
            Self::Priya => Role::LightAgent,
        }
    }

    /// The teams.
    pub(super) const fn teams(self) -> &'static [Team] {
        match self {
            Self::Ana => &[Team::Bank, Team::Reservations, Team::LinuxDesk],
            Self::Ben => &[Team::Bank, Team::Rides],
            Self::Mei => &[Team::Reservations, Team::LinuxDesk],
            Self::Jonas => &[Team::Homes, Team::Clinic],
            Self::Priya => &[Team::Homes, Team::Clinic],
        }
    }

    /// What they see, for the list of sign-ins.
    pub(super) const fn view(self) -> &'static str {
        match self {
            Self::Ana => "sees everything",
            Self::Ben => "sees Bank and Rides",
            Self::Mei => "sees Reservations, Linux desk and the unassigned",
            Self::Jonas => "sees what is assigned to him",
            Self::Priya => "reads and notes, everything but Bank",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_team_has_agents_who_can_answer() {
        for team in Team::ALL {
            let agents = team.agents();
            assert!(!agents.is_empty(), "{team:?}");
            assert!(!agents.contains(&Person::Priya));
        }
    }

    #[test]
    fn tags_lead_to_teams() {
        let of = |tags: &[&str]| {
            Team::of_tags(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of(&["出租", "酒店"]), Some(Team::Reservations));
        assert_eq!(of(&["地铁"]), Some(Team::Rides));
        assert_eq!(of(&["ubuntu"]), Some(Team::LinuxDesk));
        assert_eq!(of(&["bank", "weather"]), Some(Team::Bank));
        assert_eq!(of(&["weather"]), None);
    }
}
