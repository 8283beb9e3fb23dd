//! One request after the other on one connection, each kind in turn with the bare one.

use std::sync::Arc;

use anyhow::{Result, ensure};
use recado_client::Transport;
use recado_client::transport::Request;
use recado_protocol::command::CommandsRequest;
use recado_protocol::{Action, Command, CommandId, Timestamp};
use uuid::Uuid;

use super::world::World;
use crate::measure::median;
use crate::report::{Beside, Goal};

/// How many requests of a kind are sent before the next kind's turn.
const IN_A_ROW: usize = 40;

/// What a request asks for, and what it may cost beside the bare one.
const KINDS: [(&str, &str, f64); 4] = [
    ("server/http/sync", "nothing new in the change log", 2.0),
    ("server/http/inbox", "50 heads with contacts and read marks", 6.0),
    ("server/http/conversation", "one conversation with ten parts", 2.0),
    ("server/http/send", "one reply, stored", 5.0),
];

pub(super) fn measure(world: &World, rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let mut bare = Vec::new();
    let mut kinds: [Vec<f64>; KINDS.len()] = Default::default();
    let mut bytes = [0; KINDS.len()];
    for round in 0..=rounds {
        let cost = batch(world, &world.bare, |_| Ok(Request::get("/v1/bare")))?.0;
        // The first round fills caches.
        if round > 0 {
            bare.push(cost);
        }
        for (kind, costs) in kinds.iter_mut().enumerate() {
            let cursor = world.run(world.cursor())?;
            let ask = |number| request(world, kind, round * IN_A_ROW + number, cursor);
            let (cost, length) = batch(world, &world.recado, ask)?;
            bytes[kind] = length;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let mut lines = Vec::new();
    let mut goals = Vec::new();
    for (((name, what, at_most), costs), length) in KINDS.into_iter().zip(&kinds).zip(bytes) {
        let ratio = median(costs.iter().zip(&bare).map(|(cost, bare)| cost / bare));
        let recado = median(costs.iter().copied());
        let what = format!("{what}, {length} bytes");
        let beside = Some(median(bare.iter().copied()));
        lines.push(Beside { name, what, recado, bare: beside, ratio: Some(ratio) });
        goals.push(Goal::new(name, "x of a bare answer, processor", ratio, at_most));
    }
    Ok((lines, goals))
}

/// Microseconds of the server's processor for one request, and the length of an answer.
fn batch(
    world: &World,
    transport: &Arc<dyn Transport>,
    request: impl Fn(usize) -> Result<Request>,
) -> Result<(f64, usize)> {
    let requests: Vec<Request> = (0..IN_A_ROW).map(request).collect::<Result<_>>()?;
    let mut length = 0;
    let whole = world.server_cpu(|| {
        world.run(async {
            for request in requests {
                let answer = transport.send(request).await?;
                ensure!(answer.status == 200, "the answer is {answer:?}");
                length = answer.body.len();
            }
            Ok(())
        })
    })?;
    Ok((whole / IN_A_ROW as f64, length))
}

fn request(world: &World, kind: usize, number: usize, cursor: u64) -> Result<Request> {
    let conversation = world.conversations[number * 7 % world.conversations.len()];
    Ok(world.signed(match kind {
        0 => Request::get("/v1/sync").with("log_id", world.bootstrap.log_id).with("cursor", cursor),
        1 => Request::get("/v1/conversations").with("state", "open").with("limit", 50),
        2 => Request::get(format!("/v1/conversations/{conversation}")),
        _ => Request::post("/v1/commands", &reply(conversation))?,
    }))
}

/// One reply, as a client sends it.
pub(super) fn reply(conversation_id: recado_protocol::ConversationId) -> CommandsRequest {
    let action = Action::ConversationReply {
        body_text: "Thank you for waiting; it is on its way.".to_owned(),
        last_seen_seq: u32::MAX,
    };
    let command = Command {
        id: CommandId::from_uuid(Uuid::now_v7()),
        conversation_id,
        after: None,
        action,
        created_at: Timestamp::default(),
    };
    CommandsRequest { log_id: None, commands: vec![command] }
}
