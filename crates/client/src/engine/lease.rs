//! The offline lease: for how long the cache may be read without the server.
//!
//! It is counted by this machine's clock, which its owner can set. Set back while Recado runs, it
//! prolongs nothing: what it lost is counted as time that has passed. Set back by more than
//! [`CLOCK_TURNED_BACK_S`] in all, it ends the lease until the server has answered.

use recado_protocol::Timestamp;
use recado_store::ClockSeen;

use super::PlusMicros as _;

/// By how much a clock may be turned back before the lease ends, in seconds: corrections are small.
const CLOCK_TURNED_BACK_S: i64 = 300;
/// How often the time that was seen is stored, in microseconds.
const STORED_EVERY_MICROS: i64 = 60_000_000;
/// What the clock may lose before that is stored at once, in microseconds.
const LOSS_STORED_MICROS: i64 = 1_000_000;

#[derive(Debug, Default)]
pub(super) struct Lease {
    /// In seconds; unknown before the first bootstrap, when there is nothing to be hidden either.
    length_s: Option<i64>,
    /// When the server last answered.
    contact_at: Option<Timestamp>,
    seen: ClockSeen,
    stored: ClockSeen,
}

impl Lease {
    pub(super) const fn set_length(&mut self, seconds: i64) {
        self.length_s = Some(seconds);
    }

    /// Goes on with what an earlier run has stored.
    pub(super) fn resume(&mut self, contact_at: Option<Timestamp>, seen: Option<ClockSeen>) {
        self.contact_at = contact_at;
        let at_contact = contact_at.map(|at| ClockSeen { at, lost_micros: 0 });
        self.seen = seen.or(at_contact).unwrap_or_default();
        self.stored = self.seen;
        // Seen before the stored answer: the clock went back, and the answer after it was not stored.
        let back_micros = contact_at.map_or(0, |at| at.as_micros() - self.seen.at.as_micros());
        self.lose(back_micros.max(0));
    }

    /// The server has answered; the count begins anew.
    pub(super) const fn contacted(&mut self, now: Timestamp) {
        self.contact_at = Some(now);
        self.seen = ClockSeen { at: now, lost_micros: 0 };
        // The answer is stored with its time.
        self.stored = self.seen;
    }

    /// Looks at the clock.
    pub(super) fn look(&mut self, now: Timestamp) {
        let back_micros = self.seen.at.as_micros().saturating_sub(now.as_micros()).max(0);
        self.lose(back_micros);
        self.seen.at = now;
    }

    /// Time has passed that the clock does not show.
    pub(super) const fn lose(&mut self, micros: i64) {
        self.seen.lost_micros = self.seen.lost_micros.saturating_add(micros);
    }

    /// When the lease ends, unless the server answers before.
    pub(super) fn end(&self) -> Option<Timestamp> {
        let end = self.contact_at?.plus_seconds(self.length_s?);
        Some(end.plus_micros(self.seen.lost_micros.saturating_neg()))
    }

    pub(super) fn holds(&self) -> bool {
        let turned_back = self.seen.lost_micros > CLOCK_TURNED_BACK_S * 1_000_000;
        self.end().is_none_or(|end| self.seen.at < end && !turned_back)
    }

    /// What is to be stored now, if something is.
    pub(super) fn take_due(&mut self) -> Option<ClockSeen> {
        let since = self.seen.at.as_micros().saturating_sub(self.stored.at.as_micros());
        let lost = self.seen.lost_micros - self.stored.lost_micros;
        let due = since >= STORED_EVERY_MICROS || lost >= LOSS_STORED_MICROS;
        if self.contact_at.is_none() || !due {
            return None;
        }
        self.stored = self.seen;
        Some(self.seen)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;
    use crate::clock::ClockWatch;

    const LEASE_S: i64 = 86_400;
    const SECOND: i64 = 1_000_000;

    /// What happens to a machine and its clock.
    #[derive(Debug, Clone)]
    enum Event {
        /// Recado runs for so many seconds, and looks at the clock at least so often.
        Runs { seconds: i64, every: i64 },
        /// Recado runs, and before each look somebody sets the clock by so many seconds.
        Pulled { looks: i64, every: i64, by: i64 },
        /// Somebody sets the clock while Recado runs.
        Set { by: i64 },
        /// The machine sleeps.
        Sleeps { seconds: i64 },
        /// Recado ends or dies, and starts again after so many seconds.
        Restarts { after: i64 },
        /// The server answers.
        Answers,
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            4 => (0..20_000_i64, 1..60_i64).prop_map(|(seconds, every)| Event::Runs { seconds, every }),
            2 => (1..400_i64, 1..60_i64, -90..30_i64)
                .prop_map(|(looks, every, by)| Event::Pulled { looks, every, by }),
            2 => prop_oneof![-200_000..200_000_i64, -400..0_i64].prop_map(|by| Event::Set { by }),
            2 => (0..50_000_i64).prop_map(|seconds| Event::Sleeps { seconds }),
            1 => (0..50_000_i64).prop_map(|after| Event::Restarts { after }),
            1 => Just(Event::Answers),
        ];
        proptest::collection::vec(event, 1..24)
    }

    /// A machine with its true time, and what the two clocks of its system say.
    struct Machine {
        real: i64,
        wall: i64,
        steady: i64,
        watch: ClockWatch,
        lease: Lease,
        kept: Option<(Timestamp, ClockSeen)>,
        contact_real: i64,
    }

    impl Machine {
        fn new() -> Self {
            let wall = 1_000_000 * SECOND;
            let mut machine = Self {
                real: 0,
                wall,
                steady: 0,
                watch: ClockWatch::new(Timestamp::from_micros(wall), std::time::Duration::ZERO),
                lease: Lease::default(),
                kept: None,
                contact_real: 0,
            };
            machine.lease.set_length(LEASE_S);
            machine.answers();
            machine
        }

        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.wall)
        }

        fn answers(&mut self) {
            self.look();
            self.lease.contacted(self.now());
            self.contact_real = self.real;
            self.kept = Some((self.now(), ClockSeen { at: self.now(), lost_micros: 0 }));
        }

        fn steady(&self) -> std::time::Duration {
            std::time::Duration::from_micros(u64::try_from(self.steady).unwrap_or_default())
        }

        fn passes(&mut self, seconds: i64) {
            self.real += seconds * SECOND;
            self.wall += seconds * SECOND;
        }

        /// As the driver and the engine look.
        fn look(&mut self) {
            if let Some(micros) = self.watch.look(self.now(), self.steady()) {
                self.lease.lose(micros);
            }
            self.lease.look(self.now());
            if let Some(seen) = self.lease.take_due() {
                self.kept = self.kept.map(|(contact, _)| (contact, seen));
            }
        }

        fn happens(&mut self, event: &Event) {
            match *event {
                Event::Runs { seconds, every } => {
                    for step in (0..seconds / every.max(1)).map(|_| every) {
                        self.passes(step);
                        self.steady += step * SECOND;
                        self.look();
                    }
                }
                Event::Pulled { looks, every, by } => {
                    for _ in 0..looks {
                        self.passes(every);
                        self.steady += every * SECOND;
                        self.wall += by * SECOND;
                        self.look();
                    }
                }
                Event::Set { by } => self.wall += by * SECOND,
                Event::Sleeps { seconds } => {
                    // What is set while a machine sleeps cannot be told from a shorter sleep.
                    self.look();
                    self.passes(seconds);
                }
                Event::Restarts { after } => {
                    self.look();
                    self.passes(after);
                    let (contact, seen) = self.kept.expect("the server has answered");
                    self.lease = Lease::default();
                    self.lease.set_length(LEASE_S);
                    self.lease.resume(Some(contact), Some(seen));
                    self.steady = 0;
                    self.watch = ClockWatch::new(self.now(), self.steady());
                }
                Event::Answers => self.answers(),
            }
            self.look();
        }
    }

    proptest! {
        #![proptest_config(Config { cases: 10_000, ..Config::default() })]

        #[test]
        fn no_clock_keeps_the_lease_beyond_its_time(events in events()) {
            let mut machine = Machine::new();
            let mut restarts = 0;
            for event in &events {
                machine.happens(event);
                restarts += i64::from(matches!(event, Event::Restarts { .. }));
                let passed = machine.real - machine.contact_real;
                // What is not yet stored when Recado dies is less than a second of loss.
                let slack = (1 + restarts) * 2 * LOSS_STORED_MICROS;
                prop_assert!(
                    !machine.lease.holds() || passed <= LEASE_S * SECOND + slack,
                    "{} s after the server's answer it holds",
                    passed / SECOND
                );
            }
        }

        #[test]
        fn an_honest_clock_keeps_it_for_all_of_its_time(
            pieces in proptest::collection::vec((0..8_000_i64, proptest::bool::ANY), 1..10)
        ) {
            let mut machine = Machine::new();
            for (seconds, restart) in pieces {
                let event = if restart {
                    Event::Restarts { after: seconds }
                } else {
                    Event::Runs { seconds, every: 20 }
                };
                machine.happens(&event);
                let passed = machine.real - machine.contact_real;
                prop_assert_eq!(machine.lease.holds(), passed < LEASE_S * SECOND);
            }
        }
    }
}
