//! The protocol against honest clients on a bad network, and against thieves.

use proptest::prelude::*;

use super::*;

/// Stands for the secret with this number.
fn secret(number: u64) -> TokenHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    TokenHash::from_bytes(bytes)
}

/// What lies in a keychain.
#[derive(Clone, Copy, Debug)]
struct Keychain {
    current: u64,
    next: Option<u64>,
}

/// One holder of a keychain. Numbers of different holders never meet.
#[derive(Clone, Debug)]
struct Holder {
    keychain: Keychain,
    numbers: std::ops::RangeFrom<u64>,
}

impl Holder {
    fn new(keychain: Keychain, first_number: u64) -> Self {
        Self { keychain, numbers: first_number.. }
    }

    /// Stores the next secret, if there is none yet, and gives the request to send.
    fn prepare(&mut self) -> (u64, u64) {
        let next = match self.keychain.next {
            Some(next) => next,
            None => self.numbers.next().expect("endless"),
        };
        self.keychain.next = Some(next);
        (self.keychain.current, next)
    }

    /// Takes an answer to the request that is still the latest; an answer to an older one is dropped.
    fn receive(&mut self, request: (u64, u64), outcome: RefreshOutcome) {
        let latest = self.keychain.next.map(|next| (self.keychain.current, next));
        if outcome.gives_access() && latest == Some(request) {
            self.keychain = Keychain { current: request.1, next: None };
        }
    }
}

/// A family as the server keeps it, with the secrets that it has used before.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    family: RefreshFamily,
    used: Vec<TokenHash>,
}

impl Stored {
    fn new() -> Self {
        Self { family: RefreshFamily::new(secret(0)), used: Vec::new() }
    }
}

fn present(stored: &mut Stored, request: (u64, u64)) -> RefreshOutcome {
    let (presented, was) = (secret(request.0), stored.family.current);
    let was_used = stored.used.contains(&presented);
    let outcome = stored.family.present(presented, secret(request.1), was_used);
    if stored.family.current != was {
        stored.used.push(was);
    }
    outcome
}

fn signed_in() -> (Stored, Holder) {
    let keychain = Keychain { current: 0, next: None };
    (Stored::new(), Holder::new(keychain, 1))
}

#[test]
fn a_proposal_may_be_repeated_until_it_has_been_used() {
    let mut family = Stored::new();
    assert_eq!(present(&mut family, (0, 1)), RefreshOutcome::Rotated);
    assert_eq!(present(&mut family, (0, 1)), RefreshOutcome::Repeated);
    assert_eq!(present(&mut family, (1, 2)), RefreshOutcome::Rotated);
    assert_eq!(family.family.current, secret(1));
    assert_eq!(family.family.pending, Some(secret(2)));
    assert_eq!(present(&mut family, (0, 1)), RefreshOutcome::Superseded);
    assert_eq!(family.family.state, FamilyState::Active);
}

#[test]
fn another_proposal_for_the_same_secret_revokes_the_family() {
    let mut family = Stored::new();
    assert_eq!(present(&mut family, (0, 1)), RefreshOutcome::Rotated);
    assert_eq!(present(&mut family, (0, 9)), RefreshOutcome::ReuseDetected);
    assert_eq!(family.family.state, FamilyState::Revoked);
    assert_eq!(present(&mut family, (0, 1)), RefreshOutcome::AlreadyRevoked);
    assert_eq!(present(&mut family, (1, 2)), RefreshOutcome::AlreadyRevoked);
}

#[test]
fn any_older_secret_revokes_the_family() {
    for older in [(0, 9), (0, 2), (3, 9), (4, 9)] {
        let mut family = Stored::new();
        for number in 0..6 {
            assert_eq!(present(&mut family, (number, number + 1)), RefreshOutcome::Rotated);
        }
        assert_eq!(present(&mut family, older), RefreshOutcome::ReuseDetected);
        assert_eq!(family.family.state, FamilyState::Revoked);
    }
}

#[test]
fn a_secret_that_never_was_one_of_the_familys_changes_nothing() {
    let mut family = Stored::new();
    for number in 0..3 {
        let before = family.clone();
        assert_eq!(present(&mut family, (700 + number, 9)), RefreshOutcome::Unknown);
        assert_eq!(family, before);
        assert_eq!(present(&mut family, (number, number + 1)), RefreshOutcome::Rotated);
    }
}

#[test]
fn a_known_secret_cannot_be_proposed() {
    let mut family = Stored::new();
    let malformed = RefreshOutcome::InvalidProposal;
    assert_eq!(present(&mut family, (0, 0)), malformed);
    present(&mut family, (0, 1));
    assert_eq!(present(&mut family, (1, 1)), malformed);
    assert_eq!(present(&mut family, (1, 0)), malformed);
    present(&mut family, (1, 2));
    assert_eq!(present(&mut family, (1, 0)), malformed);
    assert_eq!(family.family.state, FamilyState::Active);
}

/// What the network and the machine do to an honest client.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    None,
    RequestLost,
    AnswerLost,
    /// The client stops before it has stored the answer, and starts again from its keychain.
    Crash,
    RequestDoubled,
    /// A copy of the request arrives when the next one has already been answered.
    CopyDelayed,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    const ALL: [Mishap; 6] = [
        Mishap::None,
        Mishap::RequestLost,
        Mishap::AnswerLost,
        Mishap::Crash,
        Mishap::RequestDoubled,
        Mishap::CopyDelayed,
    ];
    (0..ALL.len()).prop_map(|place| ALL[place])
}

/// One refresh of one holder. Gives every outcome at the server.
fn refresh(
    family: &mut Stored,
    holder: &mut Holder,
    mishap: Mishap,
    delayed: &mut Option<(u64, u64)>,
) -> Vec<RefreshOutcome> {
    let request = holder.prepare();
    if let Mishap::RequestLost = mishap {
        return Vec::new();
    }
    let outcome = present(family, request);
    let mut outcomes = vec![outcome];
    match mishap {
        Mishap::AnswerLost | Mishap::Crash => {}
        Mishap::RequestDoubled => {
            outcomes.push(present(family, request));
            holder.receive(request, outcome);
        }
        Mishap::None | Mishap::RequestLost | Mishap::CopyDelayed => {
            holder.receive(request, outcome);
        }
    }
    if let Some(copy) = delayed.take() {
        let copied = present(family, copy);
        outcomes.push(copied);
        holder.receive(copy, copied);
    }
    if let Mishap::CopyDelayed = mishap {
        *delayed = Some(request);
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn an_honest_client_is_never_revoked(mishaps in prop::collection::vec(mishap(), 1..40)) {
        let (mut family, mut client) = signed_in();
        let mut delayed = None;
        for mishap in mishaps {
            for outcome in refresh(&mut family, &mut client, mishap, &mut delayed) {
                let harmless = outcome.gives_access() || outcome == RefreshOutcome::Superseded;
                prop_assert!(harmless, "{mishap:?} gave {outcome:?}");
            }
        }
        let last = refresh(&mut family, &mut client, Mishap::None, &mut delayed);
        prop_assert!(last[0].gives_access(), "the client was left without access");
    }

    #[test]
    fn a_thief_is_detected_when_both_have_used_their_copies(
        before in prop::collection::vec(mishap(), 0..8),
        // True: the thief moves; false: the client does.
        turns in prop::collection::vec((any::<bool>(), mishap()), 0..20),
        copies_next in any::<bool>(),
    ) {
        let (mut family, mut client) = signed_in();
        let mut delayed = None;
        for mishap in before {
            refresh(&mut family, &mut client, mishap, &mut delayed);
        }
        let mut stolen = client.keychain;
        if !copies_next {
            stolen.next = None;
        }
        let mut thief = Holder::new(stolen, 1_000_000);
        let first_own_number = [client.numbers.start, thief.numbers.start];
        let mut has_rotated_to_its_own = [false, false];
        for (thief_moves, mishap) in turns {
            let (holder, own_from) = if thief_moves {
                (&mut thief, first_own_number[1])
            } else {
                (&mut client, first_own_number[0])
            };
            // A copy that was delayed before the theft is the client's.
            let mut none = None;
            let slot = if thief_moves { &mut none } else { &mut delayed };
            let proposal = holder.clone().prepare().1;
            let outcomes = refresh(&mut family, holder, mishap, slot);
            if proposal >= own_from && outcomes.first() == Some(&RefreshOutcome::Rotated) {
                has_rotated_to_its_own[usize::from(thief_moves)] = true;
            }
            prop_assert!(has_rotated_to_its_own != [true, true], "two holders went on unnoticed");
        }
        // Without mishaps, three moves of each settle it: repeating a shared proposal, being overtaken, using an older.
        for _ in 0..3 {
            for holder in [&mut thief, &mut client] {
                let request = holder.prepare();
                let outcome = present(&mut family, request);
                holder.receive(request, outcome);
            }
        }
        prop_assert_eq!(family.family.state, FamilyState::Revoked);
    }

    #[test]
    fn a_second_holder_never_gains_access_after_detection(
        requests in prop::collection::vec((0_u64..6, 0_u64..6), 1..12)
    ) {
        let mut family = Stored::new();
        let mut detected = false;
        for request in requests {
            let before = family.clone();
            let outcome = present(&mut family, request);
            prop_assert!(!(detected && outcome.gives_access()));
            prop_assert_eq!(outcome.must_be_stored(), before != family);
            detected |= outcome == RefreshOutcome::ReuseDetected;
            prop_assert_eq!(detected, family.family.state == FamilyState::Revoked);
        }
    }
}
