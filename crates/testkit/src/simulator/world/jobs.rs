//! The jobs that the engines have done on their stores.

use recado_client::engine::{Id, Job, JobAnswer, StoreFailure, run};

use super::{Event, World};
use crate::simulator::plan::HEALTHY_DISK;
use crate::simulator::wire;

impl World<'_> {
    /// How long a job on a disk takes at most: a slow one heals as everything does.
    pub(super) const fn slowest_disk(&self) -> i64 {
        if self.calm { HEALTHY_DISK } else { self.plan.weather.disk }
    }

    /// A machine does a job on its store.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn work(
        &mut self,
        machine: usize,
        life: u64,
        job: Id,
        work: Job,
    ) -> anyhow::Result<()> {
        if !self.lives(machine, life) {
            return Ok(());
        }
        let name = format!("{work:?}");
        let result = run(self.machines[machine].disk(self.now), work);
        self.worked(machine, &name, &result)?;
        let at = self.now + self.chance.between(10, 500);
        self.schedule(at, Event::Worked { machine, life, job, result });
        Ok(())
    }

    fn worked(
        &mut self,
        machine: usize,
        name: &str,
        result: &Result<JobAnswer, StoreFailure>,
    ) -> anyhow::Result<()> {
        self.trace.note(|| match result {
            Ok(answer) => format!("machine {machine} does {name}: {}", wire::outcome(answer)),
            Err(failure) => format!("machine {machine} fails at {name}: {failure}"),
        });
        match result {
            // The engine takes it for the other side of the comparison.
            Ok(JobAnswer::Digest(own)) => {
                let present = &mut self.machines[machine];
                let log_id = present.store.meta()?.log_id;
                present.compared = log_id.map(|log_id| (log_id, own.epoch));
                Ok(())
            }
            Ok(JobAnswer::Applied(applied)) => {
                self.machines[machine].deleted |= applied.evicted;
                if self.chance.happens(300) {
                    self.machines[machine].sync_to_disk()?;
                }
                self.judge_applied(machine, name, applied)
            }
            Ok(JobAnswer::Finished(true)) => {
                self.machines[machine].deleted = false;
                self.machines[machine].sync_to_disk()
            }
            _ => Ok(()),
        }
    }
}
