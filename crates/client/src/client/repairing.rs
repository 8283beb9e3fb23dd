//! Opening the two databases, and putting right what is damaged.

use std::path::Path;

use recado_protocol::ErrorCode;
use recado_protocol::host::{HostError, Problem};
use recado_store::{Error, SalvageReport, Store, StoreKeys, Which};

use super::shared::problem;
use crate::engine::StoreFailure;

/// What was wrong with the databases and has been put right.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    cache_rebuilt: bool,
    outbox_salvaged: Option<String>,
}

impl Repairs {
    /// What the user is told.
    pub(super) fn told(self) -> Option<Problem> {
        const CACHE: &str = "the cache on this machine was damaged and is being loaded again";
        match self {
            Self { outbox_salvaged: Some(detail), cache_rebuilt } => {
                let cache = if cache_rebuilt { format!("; {CACHE}") } else { String::new() };
                Some(problem(ErrorCode::OutboxDamaged, format!("{detail}{cache}")))
            }
            Self { cache_rebuilt: true, .. } => {
                let detail = format!("{CACHE}; nothing that you wrote is lost");
                Some(problem(ErrorCode::CacheDamaged, detail))
            }
            Self { .. } => None,
        }
    }
}

/// Opens both databases. A damaged cache is set aside, since the server has all of it; a damaged
/// outbox is set aside after what can be read was taken out of it and of its mirror.
/// `known` was found to be damaged while it was open.
pub(super) fn open_or_repair(
    dir: &Path,
    keys: &StoreKeys,
    known: Option<Which>,
) -> Result<(Store, Repairs), HostError> {
    let copy = || StoreKeys { cache: keys.cache, outbox: keys.outbox };
    let mut repairs = Repairs::default();
    let mut damaged = known;
    // Each file can be damaged once; what still fails then is told.
    for _ in 0..3 {
        let which = match damaged.take() {
            Some(which) => which,
            None => match Store::open(dir, copy()) {
                Ok(store) => return Ok((store, repairs)),
                Err(Error::Damaged { which, .. }) => which,
                // Keys that open one of the files belong here. Then it is not the key that is wrong,
                // but the beginning of the other file.
                Err(Error::WrongKey { which }) if Store::any_opens(dir, &copy()) => which,
                Err(error) => return Err(StoreFailure::from(error).into()),
            },
        };
        match which {
            Which::Cache => {
                Store::quarantine_cache(dir).map_err(StoreFailure::from)?;
                repairs.cache_rebuilt = true;
            }
            Which::Outbox => {
                let report = Store::salvage_outbox(dir, keys.outbox).map_err(StoreFailure::from)?;
                let aside =
                    Store::replace_outbox(dir, keys.outbox, &report).map_err(StoreFailure::from)?;
                repairs.outbox_salvaged = Some(salvaged(&report, aside.as_deref()));
            }
        }
    }
    let store = Store::open(dir, copy()).map_err(StoreFailure::from)?;
    Ok((store, repairs))
}

fn salvaged(report: &SalvageReport, aside: Option<&Path>) -> String {
    let kept = aside
        .map(|path| format!("; the damaged file is kept at {}", path.display()))
        .unwrap_or_default();
    if report.from_mirror {
        return format!(
            "the outbox on this machine was damaged and has been restored from its mirror; nothing \
             that you wrote is lost{kept}"
        );
    }
    format!(
        "the outbox on this machine was damaged; {} commands and {} drafts were saved, {} could not \
         be read{}{kept}",
        report.commands.len(),
        report.drafts.len(),
        report.unreadable,
        if report.incomplete { " and there may have been more" } else { "" },
    )
}
