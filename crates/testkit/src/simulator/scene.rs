//! What independent dice hardly ever bring together is staged in some of the seeds.

use super::chance::Chance;
use super::plan::{Plan, SECOND, Stimulus, What};

/// Of a thousand seeds, in how many the scene is played.
const STAGED: u64 = 50;

/// For how long after the scene nothing else happens, in microseconds.
const QUIET: i64 = 30 * SECOND;

impl Plan {
    /// Ends some of the seeds with a cursor that is lost while an agent's questions are on their way: what
    /// they ask about leaves the agent's sight, the agent's machine does not hear of it, and the log
    /// forgets it. Then nothing tells that an answer which was held up is of before. The dice are of
    /// their own, so that every other seed is what it would be without.
    pub(super) fn staged(mut self) -> Self {
        let mut chance = Chance::of(self.seed).fork(4);
        if !chance.happens(STAGED) {
            return self;
        }
        self.machines = self.machines.max(3);
        // What is asked after the scene is answered at once and whole, before the answers that are held up.
        self.weather.lost = 0;
        self.weather.slow = 0;
        self.weather.unheard = 800;
        self.weather.heads = 500;
        self.weather.token_s = 300;
        self.weather.dies = 0;
        self.weather.lease_s = 86_400;
        let at = (self.calm_at - QUIET).max(12 * SECOND);
        self.calm_at = at + QUIET;
        // Nor does a disk fail so long that it would still do so then.
        let fails = |what| matches!(what, What::ServerDiskFull | What::DiskFails(_));
        self.stimuli.retain(|stimulus| stimulus.at < at && !fails(stimulus.what));
        let (asks, changes) = (0, 2);
        let mut add = |at: i64, what: What| {
            self.stimuli.push(Stimulus { at, what, dice: chance.next() });
        };
        for n in 0..6 {
            add(SECOND / 2 * n, What::Open);
        }
        add(4 * SECOND, What::Access(asks));
        add(at, What::HoldUp(asks));
        for n in 0..4 {
            add(at + 1 + n, What::Look(asks));
            add(at + SECOND / 10 + n, What::Act(changes));
        }
        add(at + SECOND / 2, What::Forget);
        add(at + SECOND / 2 + 1, What::CutLive(asks));
        self.stimuli.sort_by_key(|stimulus| stimulus.at);
        self
    }
}
