//! Storing a reply so that it survives a power cut, beside appending the same bytes to a file and flushing it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;
use recado_protocol::{Action, Command, CommandId, ConversationId, Timestamp};
use recado_store::{Store, StoreKeys};
use uuid::Uuid;

use crate::cache::KEY;
use crate::measure::median;
use crate::report::{Beside, Goal};

/// How many replies a round stores.
const REPLIES: usize = 8;

pub(super) fn measure(rounds: usize) -> Result<(Beside, Goal)> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path(), StoreKeys { cache: KEY, outbox: KEY })?;
    let mut file =
        OpenOptions::new().create_new(true).append(true).open(folder.path().join("bare"))?;
    let (mut recado, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds * REPLIES {
        let command = reply();
        let bytes = serde_json::to_vec(&command)?;
        let began = Instant::now();
        store.enqueue(&command)?;
        recado.push(began.elapsed().as_secs_f64() * 1e6);
        let began = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        bare.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let ratio = median(recado.iter().zip(&bare).map(|(recado, bare)| recado / bare));
    let line = Beside {
        name: "outbox/enqueue_durable",
        what: "a reply, on the wall; bare: append and flush".to_owned(),
        recado: median(recado),
        bare: Some(median(bare)),
        ratio: Some(ratio),
    };
    Ok((line, Goal::new("outbox/enqueue_durable", "x of a bare append and flush", ratio, 2.0)))
}

fn reply() -> Command {
    Command {
        id: CommandId::from_uuid(Uuid::now_v7()),
        conversation_id: ConversationId::from_uuid(Uuid::now_v7()),
        after: None,
        action: Action::ConversationReply {
            body_text: "Thank you for waiting; your parcel is on its way.".to_owned(),
            last_seen_seq: 7,
        },
        created_at: Timestamp::from_seconds(1_735_689_600),
    }
}
