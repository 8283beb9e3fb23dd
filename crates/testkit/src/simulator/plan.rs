//! What a seed decides before anything runs: the people, the weather, and what happens when.

use super::backend::AGENTS;
use super::chance::Chance;

/// One second in microseconds.
pub(super) const SECOND: i64 = 1_000_000;

/// How long a job takes at most on a disk that is well, in microseconds.
pub(super) const HEALTHY_DISK: i64 = 2_000;

/// How the network, the disks and the server behave until everything heals.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Of a thousand messages in either direction, how many are lost.
    pub lost: u64,
    /// Of a thousand requests, how many arrive twice.
    pub doubled: u64,
    /// Of a thousand messages, how many are slow.
    pub slow: u64,
    /// How long a slow message takes at most, in microseconds.
    pub slowest: i64,
    /// How long a job on a disk takes at most, in microseconds.
    pub disk: i64,
    /// Of a thousand wake-ups of live streams, how many are lost.
    pub unheard: u64,
    /// Whether everything travels as text, with fields that this client does not know.
    pub newer_server: bool,
    /// How many entries of the log one page covers.
    pub page: u32,
    /// Of a thousand frames, how many are left out of a live stream that goes on.
    pub skipped: u64,
    /// How many entries of the log one page of a live stream covers.
    pub frame: u32,
    /// Whether the server cannot read one kind of command.
    pub older_server: bool,
    /// How many heads one page holds.
    pub heads: u32,
    /// For how long an access token is good, in seconds.
    pub token_s: u32,
    /// For how long a cache keeps a closed conversation, in seconds.
    pub closed_kept_s: i64,
    /// Of a thousand questions to the keychain, how many fail.
    pub keychain: u64,
    /// Of a thousand requests with several commands, in how many the server dies between two of them.
    pub dies: u64,
    /// For how long a cache may be shown without the server, in seconds.
    pub lease_s: u32,
}

/// Something that happens from outside.
#[derive(Debug, Clone)]
pub struct Stimulus {
    /// When, in microseconds after the beginning.
    pub at: i64,
    /// What.
    pub what: What,
    /// Decides everything about it that depends on how things stand then.
    pub dice: u64,
}

/// What happens from outside. The number names an agent's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An agent does something to a conversation.
    Act(usize),
    /// An agent opens, lists, counts, searches or reads on.
    Look(usize),
    /// An agent keeps a draft.
    Draft(usize),
    /// An agent decides about what was refused or waits.
    Settle(usize),
    /// A customer opens a conversation.
    Open,
    /// A customer writes again.
    Write,
    /// A customer's system reads the replies.
    Replies,
    /// An admin changes what an agent may see.
    Access(usize),
    /// An admin changes an agent's teams.
    Teams(usize),
    /// An admin changes an agent's role.
    Role(usize),
    /// An admin suspends an agent, or takes them back.
    Suspend(usize),
    /// An agent's machine loses its network for a while.
    Partition(usize),
    /// An agent's live stream breaks.
    CutLive(usize),
    /// What the server answers an agent now comes much later.
    HoldUp(usize),
    /// An agent's program dies and is started again.
    Kill(usize),
    /// An agent's machine loses power and is started again.
    PowerCut(usize),
    /// An agent's disk is full or cannot be written for a while.
    DiskFails(usize),
    /// An agent's clock jumps.
    ClockJump(usize),
    /// Somebody copies a session's secrets from a machine, and uses them.
    Theft(usize),
    /// An admin ends the session on a machine.
    EndSession(usize),
    /// The server stops for a while.
    Restart,
    /// The server's clock jumps ahead.
    ServerClock,
    /// The server's disk is full for a while.
    ServerDiskFull,
    /// The server's database is backed up.
    Backup,
    /// The server's database is replaced by the backup.
    Restore,
    /// The server forgets what it keeps for a time only, all of it.
    Forget,
}

/// Names the machine that something happens to.
type OnMachine = fn(usize) -> What;

/// A run, before it runs.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How many machines there are.
    pub machines: usize,
    /// Whether the first two are the same agent's.
    pub shared: bool,
    /// The weather.
    pub weather: Weather,
    /// What happens, in order.
    pub stimuli: Vec<Stimulus>,
    /// When everything heals, in microseconds after the beginning.
    pub calm_at: i64,
}

impl Plan {
    /// The plan of a seed. Each seed leaves out most kinds of faults: a run in which everything goes
    /// wrong all the time finds less than many in which a few things do.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed).fork(1);
        let most = if chance.happens(100) { AGENTS as u64 } else { 3 };
        let machines = 1 + usize::try_from(chance.below(most)).unwrap_or_default();
        let shared = chance.happens(250);
        let often = |chance: &mut Chance, per_mille, low, high| {
            if chance.happens(per_mille) {
                u64::try_from(chance.between(low, high)).unwrap_or_default()
            } else {
                0
            }
        };
        let weather = Weather {
            lost: often(&mut chance, 500, 10, 300),
            doubled: often(&mut chance, 400, 20, 400),
            slow: often(&mut chance, 600, 50, 600),
            slowest: chance.between(1, 28) * SECOND,
            disk: if chance.happens(300) { chance.between(1, 2_000) * 1_000 } else { HEALTHY_DISK },
            unheard: often(&mut chance, 200, 100, 800),
            newer_server: chance.happens(100),
            page: *chance.pick(&[1, 2, 5, 500]).unwrap_or(&500),
            skipped: often(&mut chance, 200, 10, 200),
            frame: *chance.pick(&[1, 3, 200]).unwrap_or(&200),
            older_server: chance.happens(100),
            heads: *chance.pick(&[1, 3, 500]).unwrap_or(&500),
            token_s: *chance.pick(&[45, 90, 300]).unwrap_or(&300),
            closed_kept_s: *chance.pick(&[10, 90, 86_400]).unwrap_or(&86_400),
            keychain: often(&mut chance, 200, 50, 500),
            dies: often(&mut chance, 300, 50, 500),
            lease_s: *chance.pick(&[90, 150, 86_400]).unwrap_or(&86_400),
        };
        let length = chance.between(20, 240) * SECOND;
        let kinds = Self::kinds(&mut chance, machines);
        let count = chance.between(15, 70);
        let mut stimuli: Vec<Stimulus> = (0..count)
            .filter_map(|_| {
                let what = *chance.pick(&kinds)?;
                Some(Stimulus { at: chance.between(0, length), what, dice: chance.next() })
            })
            .collect();
        // Somebody asks shortly before something changes: what was read before it may arrive after it.
        let before: Vec<Stimulus> = stimuli
            .iter()
            .filter_map(|stimulus| {
                let machine = match stimulus.what {
                    What::Access(machine) | What::Teams(machine) => machine,
                    What::Act(_) if chance.happens(150) => {
                        usize::try_from(chance.below(machines as u64)).unwrap_or_default()
                    }
                    _ => return None,
                };
                let at = (stimulus.at - chance.between(SECOND / 50, 2 * SECOND)).max(0);
                Some(Stimulus { at, what: What::Look(machine), dice: chance.next() })
            })
            .collect();
        stimuli.extend(before);
        stimuli.sort_by_key(|stimulus| stimulus.at);
        Self { seed, machines, shared, weather, stimuli, calm_at: length + SECOND }.staged()
    }

    /// Whose machine it is.
    pub(super) const fn agent_of(&self, machine: usize) -> usize {
        if self.shared && machine == 1 { 0 } else { machine }
    }

    fn kinds(chance: &mut Chance, machines: usize) -> Vec<What> {
        let mut kinds = Vec::new();
        let mut add = |what: What, weight: u64| {
            kinds.extend(std::iter::repeat_n(what, usize::try_from(weight).unwrap_or_default()));
        };
        add(What::Open, 3 + chance.below(4));
        add(What::Write, 2 + chance.below(8));
        add(What::Replies, 1);
        let faults: [(OnMachine, u64); 10] = [
            (What::Access, 500),
            (What::Teams, 300),
            (What::Role, 200),
            (What::Suspend, 100),
            (What::Partition, 500),
            (What::CutLive, 300),
            (What::Kill, 400),
            (What::PowerCut, 300),
            (What::DiskFails, 200),
            (What::EndSession, 100),
        ];
        for machine in 0..machines {
            add(What::Act(machine), 6 + chance.below(14));
            add(What::Look(machine), 1 + chance.below(6));
            add(What::Draft(machine), chance.below(2));
            add(What::Settle(machine), chance.below(3));
            for (fault, per_mille) in faults {
                if chance.happens(per_mille) {
                    add(fault(machine), 1 + chance.below(4));
                }
            }
            if chance.happens(150) {
                add(What::ClockJump(machine), 1);
            }
            if chance.happens(150) {
                add(What::Theft(machine), 2);
            }
        }
        let faults = [
            (What::Restart, 300),
            (What::Forget, 250),
            (What::ServerClock, 100),
            (What::ServerDiskFull, 150),
        ];
        for (fault, per_mille) in faults {
            if chance.happens(per_mille) {
                add(fault, 1 + chance.below(3));
            }
        }
        if chance.happens(250) {
            add(What::Backup, 3);
            add(What::Restore, 2);
        }
        kinds
    }
}
