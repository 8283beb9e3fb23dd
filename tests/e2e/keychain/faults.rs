//! What can go wrong with a keychain, and what a person is told.

use recado_client::KeychainError;
use recado_protocol::ErrorCode;

use super::script::Act::{
    AnotherShape, Asks, Dies, Error, Hands, Held, OnlySaysSo, Restarts, Silent,
};
use super::script::Call::{
    Attributes, CreateItem, GetSecret, IsLocked, OpenSession, Prompt, ReadAlias, SearchItems,
    SetSecret, Unlock,
};
use super::script::{Act, Answer, Call, DefaultCollection, Handing};

/// How something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A call is answered as it should not be.
    On(Call, Act),
    /// It is locked, and this becomes of the question to unlock it.
    Locked(Answer),
    /// This becomes of any other question.
    Answers(Answer),
    /// The items of a kind are gone.
    Gone(&'static str),
    /// They hold something else.
    Holds(&'static str, Content),
    /// There is another of the same name, with the same secret or not.
    Twice(&'static str, Content),
    /// Items of a kind are gone, and whatever is asked for, those of somebody else are found.
    OnlyOthers(&'static str),
    /// Which collection is the default one.
    Default(DefaultCollection),
    /// The key files say that another keychain holds their key.
    AnotherBackend,
    ServiceDies,
    BusDies,
}

/// What an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Same,
    SameAsText,
    Shorter,
    Longer,
    Empty,
    /// As long as it should be, and not what it should be.
    Another,
    /// The same bytes as base64, which another program might have made of them.
    Base64,
}

/// What a person is told: the code, and a part of the sentence that goes with it.
pub(super) type Told = (ErrorCode, String);

/// What becomes of the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// Nothing is wrong.
    Opens,
    /// It opens, and is not connected for this reason.
    Offline(ErrorCode),
    Blocked(Told),
    /// The session is lost, the data is not.
    Lost,
}

/// What becomes of the sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignIn {
    Works,
    Refused(Told),
    /// It works, and the account cannot be opened.
    Blocked(Told),
}

/// How it gets well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heals {
    /// Something is done about it, and it is tried again.
    WhenTriedAgain,
    /// The service comes back by itself, and it is only tried again.
    Already,
    /// The answer comes late, and that is enough.
    ByItself,
}

pub(super) struct Fault {
    pub(super) name: String,
    pub(super) deeds: Vec<Deed>,
    pub(super) start: Start,
    pub(super) sign_in: SignIn,
    pub(super) heals: Heals,
    /// Whether it is only found out by waiting.
    pub(super) hangs: bool,
}

fn told(error: KeychainError) -> Told {
    (error.code(), error.to_string())
}

fn mismatch(reason: &str) -> Told {
    (ErrorCode::KeychainMismatch, reason.to_owned())
}

fn fault(name: &str, deeds: &[Deed], start: Start, sign_in: SignIn) -> Fault {
    let (name, deeds) = (name.to_owned(), deeds.to_vec());
    Fault { name, deeds, start, sign_in, heals: Heals::WhenTriedAgain, hangs: false }
}

/// One that every use of the keychain meets.
fn everywhere(name: &str, deeds: &[Deed], error: KeychainError) -> Fault {
    fault(name, deeds, Start::Blocked(told(error)), SignIn::Refused(told(error)))
}

fn hanging(name: &str, deeds: &[Deed], heals: Heals) -> Fault {
    Fault { hangs: true, heals, ..everywhere(name, deeds, KeychainError::Timeout) }
}

/// One of what is written, which nobody notices who only reads.
fn of_writing(name: &str, act: Act, error: KeychainError) -> Fault {
    let sign_in = SignIn::Refused(told(error));
    let hangs = matches!(act, Silent | Held);
    Fault {
        hangs,
        ..fault(name, &[Deed::On(SetSecret, act)], Start::Offline(error.code()), sign_in)
    }
}

/// One of putting the session's item where there is none.
fn of_creating(name: &str, deeds: &[Deed], error: KeychainError) -> Fault {
    let deeds = [&[Deed::Gone("session")], deeds].concat();
    fault(name, &deeds, Start::Lost, SignIn::Refused(told(error)))
}

/// One of the key alone.
fn of_the_key(name: &str, deed: Deed, told: Told) -> Fault {
    fault(name, &[deed], Start::Blocked(told.clone()), SignIn::Blocked(told))
}

/// Every fault.
pub(super) fn all() -> Vec<Fault> {
    let mut all = services();
    all.extend(locks());
    all.extend(contents());
    all.extend(names());
    all.extend(hangs());
    all.extend(writes());
    all
}

fn services() -> Vec<Fault> {
    use KeychainError::{Denied, Failed, NoService, Timeout};
    let restarts = |call| Fault {
        heals: Heals::Already,
        ..everywhere(
            &format!("the service is started anew instead of answering {call:?}"),
            &[Deed::On(call, Restarts)],
            Timeout,
        )
    };
    let dies = |call| {
        let name = format!("the service dies instead of answering {call:?}");
        everywhere(&name, &[Deed::On(call, Dies)], Timeout)
    };
    let on = |name: &str, call, act, error| everywhere(name, &[Deed::On(call, act)], error);
    vec![
        everywhere("no service on the bus", &[Deed::ServiceDies], NoService),
        everywhere("no bus at all", &[Deed::BusDies], NoService),
        dies(OpenSession),
        dies(SearchItems),
        dies(GetSecret),
        restarts(OpenSession),
        restarts(SearchItems),
        restarts(GetSecret),
        on(
            "the exchange is refused",
            OpenSession,
            Error("org.freedesktop.DBus.Error.AccessDenied"),
            Denied,
        ),
        on(
            "only the algorithm `plain`",
            OpenSession,
            Error("org.freedesktop.DBus.Error.NotSupported"),
            Failed,
        ),
        on("the exchange is nonsense", OpenSession, AnotherShape, Failed),
        on("the search is nonsense", SearchItems, AnotherShape, Failed),
        fault(
            "the item is gone between search and reading",
            &[Deed::On(GetSecret, Error("org.freedesktop.Secret.Error.NoSuchObject"))],
            Start::Blocked(mismatch("the keychain has no key for it")),
            // It is written, and cannot be read back.
            SignIn::Refused(told(Failed)),
        ),
    ]
}

fn locks() -> Vec<Fault> {
    use KeychainError::{Denied, Failed, Locked};
    vec![
        everywhere("locked, and dismissed", &[Deed::Locked(Answer::Dismissed)], Locked),
        everywhere("locked, and unlocked in vain", &[Deed::Locked(Answer::InVain)], Locked),
        hanging("locked, and nobody answers", &[Deed::Locked(Answer::Open)], Heals::WhenTriedAgain),
        hanging("locked, and answered late", &[Deed::Locked(Answer::Late)], Heals::ByItself),
        everywhere(
            "locked, and not to be unlocked",
            &[
                Deed::Locked(Answer::Agreed),
                Deed::On(Unlock, Error("org.freedesktop.Secret.Error.IsLocked")),
            ],
            Locked,
        ),
        everywhere(
            "locked, and the question is refused",
            &[
                Deed::Locked(Answer::Agreed),
                Deed::On(Prompt, Error("org.freedesktop.DBus.Error.AccessDenied")),
            ],
            Denied,
        ),
        everywhere(
            "locked, and unlocking is nonsense",
            &[Deed::Locked(Answer::Agreed), Deed::On(Unlock, AnotherShape)],
            Failed,
        ),
        fault(
            "locked, and unlocked at once",
            &[Deed::Locked(Answer::Agreed)],
            Start::Opens,
            SignIn::Works,
        ),
    ]
}

fn contents() -> Vec<Fault> {
    use KeychainError::{BackendChanged, Corrupt};
    let no_key = || mismatch("the keychain has no key for it");
    let lost = |name: &str, deed| fault(name, &[deed], Start::Lost, SignIn::Works);
    let handed = |name: &str, act| {
        // What cannot be read is what a sign-in replaces, so it goes on to the key.
        of_the_key(name, Deed::On(GetSecret, act), told(Corrupt)).unreadable()
    };
    let mut all = vec![
        of_the_key("no key", Deed::Gone("key"), no_key()),
        lost("no session", Deed::Gone("session")),
        Fault {
            deeds: vec![Deed::Gone("key"), Deed::Gone("session")],
            ..of_the_key("nothing, as after the keychain was set up anew", Deed::BusDies, no_key())
        },
        Fault {
            deeds: vec![Deed::AnotherBackend, Deed::Gone("key"), Deed::Gone("session")],
            ..of_the_key("another keychain", Deed::BusDies, told(BackendChanged))
        },
        of_the_key("only the key of another account", Deed::OnlyOthers("key"), no_key()),
        lost("only the session of another account", Deed::OnlyOthers("session")),
        handed("secrets sealed with something else", Hands(Handing::Scrambled)),
        handed("a vector of another length", Hands(Handing::ShortIv)),
        handed("secrets that are not sealed", Hands(Handing::Plain)),
        handed("a secret of another shape", AnotherShape),
        fault(
            "the key under another content type",
            &[Deed::Holds("key", Content::SameAsText)],
            Start::Opens,
            SignIn::Works,
        ),
        fault("the key twice", &[Deed::Twice("key", Content::Same)], Start::Opens, SignIn::Works),
        fault(
            "the session twice",
            &[Deed::Twice("session", Content::Same)],
            Start::Opens,
            SignIn::Works,
        ),
        of_the_key("two keys of one name", Deed::Twice("key", Content::Another), told(Corrupt)),
        lost("two sessions of one name", Deed::Twice("session", Content::Another)),
        of_the_key(
            "another key",
            Deed::Holds("key", Content::Another),
            mismatch("it was made under another key"),
        ),
    ];
    for content in [Content::Shorter, Content::Longer, Content::Empty, Content::Base64] {
        let key = Deed::Holds("key", content);
        all.push(of_the_key(&format!("a key that is {content:?}"), key, told(Corrupt)));
        let session = Deed::Holds("session", content);
        all.push(lost(&format!("a session that is {content:?}"), session));
    }
    all
}

/// Errors by their names.
fn names() -> Vec<Fault> {
    use KeychainError::{Denied, Failed, Locked, NoService, Timeout};
    let list = [
        ("org.freedesktop.DBus.Error.ServiceUnknown", NoService),
        ("org.freedesktop.DBus.Error.NameHasNoOwner", NoService),
        ("org.freedesktop.DBus.Error.Spawn.ChildExited", NoService),
        ("org.freedesktop.DBus.Error.NoReply", Timeout),
        ("org.freedesktop.DBus.Error.Timeout", Timeout),
        ("org.freedesktop.DBus.Error.TimedOut", Timeout),
        ("org.freedesktop.DBus.Error.AccessDenied", Denied),
        ("org.freedesktop.DBus.Error.AuthFailed", Denied),
        ("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", Denied),
        ("org.freedesktop.DBus.Error.LimitsExceeded", Failed),
        ("org.freedesktop.DBus.Error.NoMemory", Failed),
        ("org.freedesktop.DBus.Error.InvalidArgs", Failed),
        ("org.freedesktop.DBus.Error.UnknownMethod", Failed),
        ("org.freedesktop.DBus.Error.Failed", Failed),
        ("org.freedesktop.Secret.Error.IsLocked", Locked),
        ("org.freedesktop.Secret.Error.NoSession", Failed),
        ("org.example.Error.AccessDeniedOrLockedWhoKnows", Failed),
    ];
    let calls = [GetSecret, SearchItems, Attributes];
    let each = list.into_iter().zip(calls.into_iter().cycle());
    each.map(|((name, error), call)| {
        everywhere(&format!("{call:?} fails with {name}"), &[Deed::On(call, Error(name))], error)
    })
    .collect()
}

/// Calls that take longer than is waited.
fn hangs() -> Vec<Fault> {
    let mut all = Vec::new();
    for call in [OpenSession, SearchItems, Attributes, GetSecret] {
        let late = format!("{call:?} is answered late");
        all.push(hanging(&late, &[Deed::On(call, Held)], Heals::ByItself));
        let never = format!("{call:?} is never answered");
        all.push(hanging(&never, &[Deed::On(call, Silent)], Heals::WhenTriedAgain));
    }
    for call in [Unlock, Prompt] {
        let deeds = [Deed::Locked(Answer::Agreed), Deed::On(call, Silent)];
        all.push(hanging(&format!("{call:?} is never answered"), &deeds, Heals::WhenTriedAgain));
    }
    all
}

fn writes() -> Vec<Fault> {
    use KeychainError::{Denied, Failed, Locked, NoDefaultCollection, NoService, Timeout};
    let denied = Error("org.freedesktop.DBus.Error.AccessDenied");
    let never = |call| Fault {
        hangs: true,
        ..of_creating(&format!("{call:?} is never answered"), &[Deed::On(call, Silent)], Timeout)
    };
    vec![
        of_writing("changing an item is refused", denied, Denied),
        of_writing("changing an item only says so", OnlySaysSo, Failed),
        of_writing("changing an item is never answered", Silent, Timeout),
        Fault {
            // Once it is dead, that is what is told.
            start: Start::Offline(NoService.code()),
            ..of_writing("the service dies instead of changing an item", Dies, Timeout)
        },
        of_creating(
            "no default collection",
            &[Deed::Default(DefaultCollection::Nothing)],
            NoDefaultCollection,
        ),
        of_creating(
            "a default collection that ends with the session",
            &[Deed::Default(DefaultCollection::Session)],
            NoDefaultCollection,
        ),
        of_creating(
            "the collection is gone",
            &[Deed::On(CreateItem, Error("org.freedesktop.Secret.Error.NoSuchObject"))],
            NoDefaultCollection,
        ),
        of_creating("making an item is refused", &[Deed::On(CreateItem, denied)], Denied),
        of_creating("making an item only says so", &[Deed::On(CreateItem, OnlySaysSo)], Failed),
        of_creating("making an item is nonsense", &[Deed::On(CreateItem, AnotherShape)], Failed),
        of_creating(
            "making an item is asked about, and dismissed",
            &[Deed::On(CreateItem, Asks), Deed::Answers(Answer::Dismissed)],
            Locked,
        ),
        never(ReadAlias),
        never(IsLocked),
        never(CreateItem),
    ]
}

impl Fault {
    /// What is written cannot be read back either.
    fn unreadable(self) -> Self {
        let sign_in = match &self.start {
            Start::Blocked(told) => SignIn::Refused(told.clone()),
            _ => SignIn::Works,
        };
        Self { sign_in, ..self }
    }
}
