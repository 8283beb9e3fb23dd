//! What the service holds, and what it does wrong.

use std::collections::BTreeMap;

use super::exchange::Exchange;

/// A call to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    OpenSession,
    SearchItems,
    Unlock,
    Prompt,
    ReadAlias,
    Attributes,
    IsLocked,
    GetSecret,
    SetSecret,
    CreateItem,
    Delete,
}

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It answers with an error of this name.
    Error(&'static str),
    /// It never answers.
    Silent,
    /// It answers once it is released.
    Held,
    /// It dies instead of answering, and stays away.
    Dies,
    /// It dies once instead of answering, and is there again under another unique name.
    Restarts,
    /// It answers with something of another shape.
    AnotherShape,
    /// It says that it was done, and nothing was.
    OnlySaysSo,
    /// It asks the person first.
    Asks,
    /// It hands the secret over in a way that it should not.
    Hands(Handing),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handing {
    /// Sealed with something else.
    Scrambled,
    /// With an initialization vector of another length.
    ShortIv,
    /// Not sealed at all, as in a session of the algorithm `plain`.
    Plain,
}

/// What becomes of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Answer {
    /// The person agrees.
    #[default]
    Agreed,
    Dismissed,
    /// Nobody answers.
    Open,
    /// The person agrees once the service is released.
    Late,
    /// The service says that the person agreed; it stays locked all the same.
    InVain,
}

/// Which collection is the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum DefaultCollection {
    #[default]
    Login,
    /// There is none.
    Nothing,
    /// The one that ends with the session.
    Session,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) secret: Vec<u8>,
    pub(super) content_type: String,
}

impl Stored {
    /// Its name, of which the first word says what it holds.
    pub(super) fn user(&self) -> &str {
        self.attributes.get("username").map_or("", String::as_str)
    }
}

/// What the service holds and how it behaves.
#[derive(Default)]
pub(super) struct State {
    pub(super) items: BTreeMap<u32, Stored>,
    pub(super) locked: bool,
    pub(super) answer: Answer,
    pub(super) default: DefaultCollection,
    /// Whether it finds whatever it has, whatever is asked for.
    pub(super) finds_others: bool,
    pub(super) rules: Vec<(Call, Act)>,
    /// The calls so far.
    pub(super) log: Vec<Call>,
    pub(super) sessions: BTreeMap<u32, Exchange>,
    made: u32,
}

impl State {
    /// A number that was not given before.
    pub(super) fn number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    pub(super) fn put(&mut self, item: Stored) -> u32 {
        let number = self.number();
        self.items.insert(number, item);
        number
    }

    /// The items that hold this (`key` or `session`).
    pub(super) fn of_kind(&self, kind: &str) -> Vec<u32> {
        let prefix = format!("{kind} ");
        let found = self.items.iter().filter(|(_, item)| item.user().starts_with(&prefix));
        found.map(|(number, _)| *number).collect()
    }

    /// Works as it should from now on.
    pub(super) fn heal(&mut self) {
        self.rules.clear();
        self.locked = false;
        self.answer = Answer::default();
        self.default = DefaultCollection::default();
        self.finds_others = false;
    }
}
