//! The limiter against every schedule of guesses.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::policy::DAY_US;
use super::*;

const START_US: i64 = 1_780_000_000 * SECOND_US;

/// All counters, in memory.
#[derive(Default)]
struct Limiter {
    policies: LimiterPolicies,
    states: BTreeMap<LimiterKey, LimiterState>,
}

impl Limiter {
    /// Asks, and charges when allowed.
    fn attempt(&mut self, keys: &[LimiterKey], now_us: i64) -> Decision {
        let decision = keys.iter().fold(Decision::Allow, |decision, key| {
            let state = self.states.get(key).copied().unwrap_or_default();
            decision.and(state.decide(self.policies.of(key), now_us))
        });
        if decision == Decision::Allow {
            for key in keys {
                let policy = *self.policies.of(key);
                let state = self.states.entry(key.clone()).or_default();
                state.record_failure(&policy, now_us);
            }
        }
        decision
    }

    fn succeed(&mut self, keys: &[LimiterKey], now_us: i64) {
        for key in keys {
            let policy = *self.policies.of(key);
            let state = self.states.entry(key.clone()).or_default();
            state.record_success(&policy, now_us);
        }
    }
}

fn account() -> AccountKey {
    AccountKey::new(Uuid::from_u128(1), "mario@harbour.example")
}

fn stranger(last_octet: u8) -> Vec<LimiterKey> {
    let address = IpAddr::from([192, 0, 2, last_octet]);
    keys(Some(&account()), Guesser::Stranger { address })
}

fn device(number: u128) -> Vec<LimiterKey> {
    let device_id = Uuid::from_u128(number);
    keys(Some(&account()), Guesser::KnownDevice { device_id })
}

fn wait(seconds: u32) -> Decision {
    Decision::RetryAfter { seconds }
}

#[test]
fn the_lock_begins_with_one_second_and_doubles_up_to_its_cap() {
    let policy = LimiterPolicies::default().strangers;
    let mut state = LimiterState::default();
    let mut now_us = START_US;
    for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
        assert_eq!(state.decide(&policy, now_us), Decision::Allow);
        state.record_failure(&policy, now_us);
        assert_eq!(state.decide(&policy, now_us), wait(expected));
        now_us += i64::from(expected) * SECOND_US;
        assert_eq!(state.decide(&policy, now_us - 1), wait(1));
    }
}

#[test]
fn a_success_ends_the_lock_and_its_growth() {
    let policy = LimiterPolicies::default().strangers;
    let mut state = LimiterState::default();
    for attempt in 0..5 {
        state.record_failure(&policy, START_US + attempt * 60 * SECOND_US);
    }
    let now_us = START_US + 3_600 * SECOND_US;
    state.record_failure(&policy, now_us);
    state.record_success(&policy, now_us);
    assert_eq!(state.decide(&policy, now_us), Decision::Allow);
    state.record_failure(&policy, now_us);
    assert_eq!(state.decide(&policy, now_us), wait(1));
}

#[test]
fn failures_are_forgotten_a_day_after_their_lock() {
    let policy = LimiterPolicies::default().strangers;
    let mut state = LimiterState::default();
    for _ in 0..5 {
        state.record_failure(&policy, START_US);
    }
    let mut later = state;
    later.record_failure(&policy, START_US + DAY_US);
    assert_eq!(later.consecutive_failures, 6);
    state.record_failure(&policy, START_US + DAY_US + 16 * SECOND_US);
    assert_eq!(state.consecutive_failures, 1);
}

#[test]
fn successes_cost_nothing() {
    let mut limiter = Limiter::default();
    for attempt in 0..1_000 {
        let now_us = START_US + attempt * SECOND_US;
        assert_eq!(limiter.attempt(&stranger(1), now_us), Decision::Allow);
        limiter.succeed(&stranger(1), now_us);
    }
}

#[test]
fn a_known_device_is_not_locked_out_by_strangers() {
    let mut limiter = Limiter::default();
    let mut refused = 0;
    for second in 0..200_000 {
        let address = u8::try_from(second % 250).expect("an octet");
        let decision = limiter.attempt(&stranger(address), START_US + second * SECOND_US);
        refused += u32::from(decision != Decision::Allow);
    }
    assert!(refused > 199_000);
    let now_us = START_US + 200_000 * SECOND_US;
    assert_eq!(limiter.attempt(&device(7), now_us), Decision::Allow);
}

#[test]
fn one_known_device_does_not_lock_another_one_at_once() {
    let mut limiter = Limiter::default();
    assert_eq!(limiter.attempt(&device(1), START_US), Decision::Allow);
    assert_eq!(limiter.attempt(&device(1), START_US), wait(1));
    assert_eq!(limiter.attempt(&device(2), START_US), Decision::Allow);
}

#[test]
fn a_guess_under_way_counts_against_those_sent_beside_it() {
    let mut limiter = Limiter::default();
    let allowed =
        (0..1_000).filter(|_| limiter.attempt(&stranger(1), START_US) == Decision::Allow).count();
    assert_eq!(allowed, 1);
}

#[test]
fn an_address_is_limited_across_accounts() {
    let mut limiter = Limiter::default();
    let address = IpAddr::from([192, 0, 2, 1]);
    let allowed = (0..1_000)
        .filter(|number| {
            let account = AccountKey::new(Uuid::from_u128(1), &format!("{number}@x.example"));
            let keys = keys(Some(&account), Guesser::Stranger { address });
            limiter.attempt(&keys, START_US) == Decision::Allow
        })
        .count();
    assert_eq!(allowed, 60);
}

#[test]
fn the_whole_server_is_limited_across_addresses() {
    let mut limiter = Limiter::default();
    let allowed = (0..2_000_u32)
        .filter(|number| {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            let keys = keys(None, Guesser::Stranger { address });
            limiter.attempt(&keys, START_US) == Decision::Allow
        })
        .count();
    assert_eq!(allowed, 600);
}

#[test]
fn neighbours_in_one_network_share_a_counter() {
    let of = |text: &str| {
        let address = text.parse().expect("an address");
        keys(None, Guesser::Stranger { address })
    };
    assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::9"));
    assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
}

#[test]
fn an_account_is_one_however_its_address_is_typed_and_its_key_hides_it() {
    let typed = AccountKey::new(Uuid::from_u128(1), " Mario@Harbour.Example ");
    assert_eq!(typed, account());
    let elsewhere = AccountKey::new(Uuid::from_u128(2), "mario@harbour.example");
    assert_ne!(elsewhere, account());
    for key in stranger(1).into_iter().chain(device(1)) {
        assert!(!key.as_text().contains("mario"));
    }
}

#[test]
fn keys_are_taken_in_one_order_and_have_different_texts() {
    for keys in [stranger(1), device(1)] {
        assert!(keys.is_sorted());
    }
    let texts: Vec<_> = stranger(1).iter().chain(&device(1)).map(LimiterKey::as_text).collect();
    let mut unique = texts.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), texts.len());
}

#[test]
fn a_clock_that_was_wrong_for_a_while_locks_nobody_out() {
    let policy = LimiterPolicies::default().strangers;
    let mut state = LimiterState::default();
    state.record_failure(&policy, START_US + 3_650 * DAY_US);
    assert_eq!(state.decide(&policy, START_US), Decision::Allow);
    state.record_failure(&policy, START_US);
    assert_eq!(state.decide(&policy, START_US), wait(2));
}

#[test]
fn a_node_whose_clock_is_behind_does_not_give_a_spent_budget_back() {
    let policy = LimiterPolicies::default().known_devices;
    let mut state = LimiterState::default();
    while state.decide(&policy, START_US) == Decision::Allow {
        state.record_failure(&policy, START_US);
    }
    for behind_seconds in [0, 1, 60, 3_000] {
        let now_us = START_US - behind_seconds * SECOND_US;
        assert_ne!(state.decide(&policy, now_us), Decision::Allow, "{behind_seconds} s behind");
    }
}

#[test]
fn extreme_values_do_not_overflow() {
    let policy = LimiterPolicies::default().strangers;
    for now_us in [i64::MIN, -1, 0, i64::MAX] {
        for stored_us in [i64::MIN, 0, i64::MAX] {
            let mut state = LimiterState {
                consecutive_failures: u32::MAX,
                locked_until_us: stored_us,
                budget_whole_at_us: stored_us,
            };
            state.record_failure(&policy, now_us);
            state.decide(&policy, now_us);
            state.record_success(&policy, now_us);
            state.is_spent(&policy, now_us);
        }
    }
}

#[test]
fn a_state_has_a_stable_stored_form() {
    let policy = LimiterPolicies::default().strangers;
    let mut state = LimiterState::default();
    state.record_failure(&policy, 0);
    let json = serde_json::to_string(&state).expect("serialisable");
    assert_eq!(
        json,
        r#"{"consecutive_failures":1,"locked_until_us":1000000,"budget_whole_at_us":3456000000}"#
    );
}

/// One attempt: how long after the one before it, by whom, and whether the secret is right.
fn schedule() -> impl Strategy<Value = Vec<(i64, u8, bool)>> {
    let pause_us = prop_oneof![
        Just(0),
        0..2 * SECOND_US,
        0..1_000 * SECOND_US,
        Just(900 * SECOND_US),
        0..DAY_US / 20,
    ];
    prop::collection::vec((pause_us, 0_u8..6, prop::bool::weighted(0.05)), 1..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn at_most_a_hundred_guesses_an_account_are_evaluated_in_any_day(schedule in schedule()) {
        let mut limiter = Limiter::default();
        let mut now_us = START_US;
        let mut evaluated = Vec::new();
        for (pause_us, guesser, is_right) in schedule {
            now_us += pause_us;
            let keys = match guesser {
                0..3 => stranger(guesser),
                known => device(u128::from(known)),
            };
            if limiter.attempt(&keys, now_us) == Decision::Allow {
                if is_right {
                    limiter.succeed(&keys, now_us);
                } else {
                    evaluated.push(now_us);
                }
            }
        }
        assert_at_most_a_hundred_a_day(&evaluated);
    }

    #[test]
    fn a_patient_guesser_who_obeys_every_wait_stays_within_the_limit(
        sources in prop::collection::vec(0_u8..6, 400)
    ) {
        let mut limiter = Limiter::default();
        let mut now_us = START_US;
        let mut evaluated = Vec::new();
        for guesser in sources {
            let keys = match guesser {
                0..3 => stranger(guesser),
                known => device(u128::from(known)),
            };
            match limiter.attempt(&keys, now_us) {
                Decision::Allow => evaluated.push(now_us),
                Decision::RetryAfter { seconds } => now_us += i64::from(seconds) * SECOND_US,
            }
        }
        assert_at_most_a_hundred_a_day(&evaluated);
    }

    #[test]
    fn waiting_as_told_is_enough(failures in 1_u32..200, pause_us in 0..2_000 * SECOND_US) {
        let policy = LimiterPolicies::default().strangers;
        let mut state = LimiterState::default();
        let mut now_us = START_US;
        for _ in 0..failures {
            now_us += pause_us;
            if state.decide(&policy, now_us) == Decision::Allow {
                state.record_failure(&policy, now_us);
            }
        }
        if let Decision::RetryAfter { seconds } = state.decide(&policy, now_us) {
            prop_assert!(seconds >= 1);
            now_us += i64::from(seconds) * SECOND_US;
        }
        prop_assert_eq!(state.decide(&policy, now_us), Decision::Allow);
    }

    #[test]
    fn a_spent_state_decides_like_a_fresh_one(failures in 0_u32..30, later_us in 0..4 * DAY_US) {
        let policy = LimiterPolicies::default().strangers;
        let mut state = LimiterState::default();
        for _ in 0..failures {
            state.record_failure(&policy, START_US);
        }
        let now_us = START_US + later_us;
        if state.is_spent(&policy, now_us) {
            let mut fresh = LimiterState::default();
            fresh.record_failure(&policy, now_us);
            state.record_failure(&policy, now_us);
            prop_assert_eq!(state, fresh);
        }
    }
}

fn assert_at_most_a_hundred_a_day(evaluated: &[i64]) {
    let limit = usize::try_from(ACCOUNT_GUESSES_PER_DAY).expect("small");
    for window in evaluated.windows(limit + 1) {
        let spans_us = window[limit] - window[0];
        assert!(spans_us > DAY_US, "{} guesses within {spans_us} µs", limit + 1);
    }
}
